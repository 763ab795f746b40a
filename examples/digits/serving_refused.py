"""Tests of what `digits serve` refuses, and with which words."""

from serving import Client, check, get, numbers, post, server

BAD_BODIES = [
    (b'', 'the body is not'), (b'[]', 'the body is not'), (b'{"pixels":7}', 'the body is not'),
    (b'{"pixel":[]}', 'the body is not'), (b'\0' * 100, 'the body is not'),
    (b'{"pixels":[]}', 'pixels[0] is not'), (numbers((5, '17')), 'pixels[5] is not'),
    (numbers((63, '-1')), 'pixels[63] is not'), (numbers((0, '0.5')), 'pixels[0] is not'),
    (numbers((1, '01')), 'pixels[1] is not'), (numbers((1, '0x1')), 'comma'), (numbers((1, '1e')), 'pixels[1] is not'),
    (numbers((1, 'nan')), 'pixels[1] is not'), (numbers((2, '"1"')), 'pixels[2] is not'),
    (numbers((2, '1' + '0' * 400)), 'pixels[2] is not'), (numbers((2, '1e999')), 'pixels[2] is not'),
    (numbers((2, '1,1')), 'does not end after 64'), (numbers()[:-3], 'pixels[63] is not'),
    (numbers()[:-2], 'does not end'), (numbers()[:-1], 'brace is missing'), (numbers() + b'x', 'follows behind'),
    (numbers()[:-1] + b',"more":1}', 'more than'),
]


def bad_bodies(model):
    with server(model) as one:
        client = Client(one.port)
        for body, words in BAD_BODIES:
            answer = client.ask(post(body))
            check(f'400 for {body[:30]!r}...: {words}', answer.code == 400 and words in answer.json()['error'],
                  answer.body)
        check('... and the connection is as good as before', client.ask(post(numbers())).code == 200)
        client.close()


BAD_REQUESTS = [
    (b'nonsense\r\n\r\n', 400, 'request line'), (b'GET /\r\n\r\n', 400, 'request line'),
    (b'\x16\x03\x01\x02\x00\x01\x00', 400, 'control character'), (b'GET / HTTP/1.1\n\n', 400, 'CR LF'),
    (b'GET / HTTP/1.1\rX\r\n\r\n', 400, 'CR'), (b'GET  / HTTP/1.1\r\nHost: t\r\n\r\n', 400, 'request line'),
    (b'GET http://t/ HTTP/1.1\r\nHost: t\r\n\r\n', 400, 'slash'), (b'PRI * HTTP/2.0\r\n\r\n', 505, 'HTTP/1.1'),
    (b'\r\n', 400, 'empty line'), (b'GET / HTTP/1.1\r\n\r\n', 400, 'no Host'),
    (b'GET / HTTP/1.1\r\nHost: t\r\nHost: t\r\n\r\n', 400, 'two Host'),
    (get('/', 'A B: c\r\n'), 400, "header's name"), (get('/', 'nothing\r\n'), 400, 'without a colon'),
    (get('/', 'A: b\r\n folded\r\n'), 400, 'without a colon'), (get('/', 'A : b\r\n'), 400, "header's name"),
    (get('/', 'Content-Length: 0\r\nContent-Length: 0\r\n'), 400, 'two Content-Length'),
    (get('/', 'Content-Length: -1\r\n'), 400, 'not a number'), (get('/', 'Content-Length: \r\n'), 400, 'not a number'),
    (get('/', 'Content-Length: 8193\r\n'), 413, '8192'), (get('/', f'Content-Length: {"9" * 60}\r\n'), 413, '8192'),
    (get('/', 'Transfer-Encoding: chunked\r\n'), 411, 'Content-Length'),
    (get('/', 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n'), 400, 'together'),
    (get('/', 'Expect: 100-continue\r\n'), 417, 'at once'), (get('/' + 'x' * 9000), 431, '8192'),
    (get('/', 'A: ' + 'x' * 60000 + '\r\n'), 431, '8192'),
]


def bad_requests(model):
    with server(model) as one:
        for data, code, words in BAD_REQUESTS:
            client = Client(one.port)
            answer = client.ask(data)
            check(f'{code} for {data[:50]!r}: {words}',
                  answer.code == code and words in answer.json()['error'] and answer.closes and client.is_closed(),
                  answer.body)
            client.close()
        client = Client(one.port)
        for path, allow in (('/predict', 'POST'), ('/healthz', None), ('/healthz?x=/y', None), ('/elsewhere', 404)):
            answer = client.ask(get(path))
            check(f'GET {path}', answer.code == (404 if allow == 404 else 405 if allow else 200) and
                  answer.headers.get('allow') == (allow if allow != 404 else None), answer.headers)
        answer = client.ask(post(b'', path='/metrics'))
        check('POST /metrics is not allowed', answer.headers.get('allow') == 'GET, HEAD', answer.headers)
        client.send(b'HEAD /healthz HTTP/1.1\r\nHost: t\r\n\r\n')
        answer = client.receive(with_body=False)
        check('HEAD has no body', answer.headers['content-length'] == '3' and
              client.ask(get('/healthz')).body == b'ok\n', answer.headers)
        client.close()
