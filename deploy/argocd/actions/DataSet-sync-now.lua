obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["kitae.dev/requested-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
