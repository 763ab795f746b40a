#include "request.h"
#include "../base/memory.h"
struct http_request *http_request_create(enum http_method m,char*p,const char*c,char*b){struct http_request*r=xcalloc(1,sizeof*r);r->method=m;r->path=p;r->content_type=c;r->body=b;return r;}
void http_request_destroy(struct http_request*r){if(!r)return;free(r->path);free(r->body);free(r);}
