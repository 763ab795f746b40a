def page(results, quick):
    return open(results).read()
