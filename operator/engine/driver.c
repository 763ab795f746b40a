#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <signal.h>
#include "driver.h"
#include "../kube/credentials.h"
#include "log.h"
#include "../base/strbuf.h"
#include "../base/memory.h"
#include "../model/controller.h"
static struct credentials *cred;static struct engine *eng; static CURLM *multi; static const char *base;
struct xfer { CURL *easy; struct http_request *req; struct strbuf in; bool watch; unsigned slot, serial; bool opened; struct curl_slist *h; };
static struct xfer *watches[64];
static int64_t ms(clockid_t c){struct timespec t;clock_gettime(c,&t);return t.tv_sec*1000+t.tv_nsec/1000000;}
static void step(enum event_type t,const struct http_response*r,const struct watch_signal*w){struct event e={t,ms(CLOCK_BOOTTIME),ms(CLOCK_REALTIME),r,w};engine_step(eng,&e);}
static size_t got(char*p,size_t a,size_t n,void*u){struct xfer*x=u;size_t l=a*n;
 if(!x->watch){strbuf_append(&x->in,p,l);return l;}
 if(!x->opened){long code=0;curl_easy_getinfo(x->easy,CURLINFO_RESPONSE_CODE,&code);if(code==200){x->opened=true;struct watch_signal s={.type=WATCH_OPENED,.slot=x->slot,.serial=x->serial};step(EVENT_WATCH,NULL,&s);}}
 for(size_t i=0;i<l;i++){ if(p[i]=='\n'){struct watch_signal s={.type=WATCH_MESSAGE,.slot=x->slot,.serial=x->serial,.message={x->in.data,x->in.length}};if(x->opened&&x->in.length)step(EVENT_WATCH,NULL,&s);strbuf_clear(&x->in);}else strbuf_addc(&x->in,p[i]);}
 return l;}
static void start(struct xfer*x,const char*path,enum http_method m,const char*ct,const char*body,long to){
 char url[4096];snprintf(url,sizeof url,"%s%s",base,path);CURL*c=x->easy=curl_easy_init();
 curl_easy_setopt(c,CURLOPT_URL,url);struct credentials_tls t=credentials_tls(cred);
 if(t.ca){struct curl_blob b={(void*)t.ca,strlen(t.ca),CURL_BLOB_COPY};curl_easy_setopt(c,CURLOPT_CAINFO_BLOB,&b);}
 if(t.certificate){struct curl_blob b={(void*)t.certificate,strlen(t.certificate),CURL_BLOB_COPY};curl_easy_setopt(c,CURLOPT_SSLCERT_BLOB,&b);curl_easy_setopt(c,CURLOPT_SSLCERTTYPE,"PEM");struct curl_blob k={(void*)t.key,strlen(t.key),CURL_BLOB_COPY};curl_easy_setopt(c,CURLOPT_SSLKEY_BLOB,&k);curl_easy_setopt(c,CURLOPT_SSLKEYTYPE,"PEM");}
 struct credentials_headers hh=credentials_headers(cred);for(size_t i=0;i<hh.count;i++){char h[40000];snprintf(h,sizeof h,"%s: %s",hh.list[i].name,hh.list[i].value);x->h=curl_slist_append(x->h,h);}
 curl_easy_setopt(c,CURLOPT_WRITEFUNCTION,got);curl_easy_setopt(c,CURLOPT_WRITEDATA,x);curl_easy_setopt(c,CURLOPT_PRIVATE,x);curl_easy_setopt(c,CURLOPT_TIMEOUT_MS,to);
 curl_easy_setopt(c,CURLOPT_USERAGENT,"kitae/thin");curl_easy_setopt(c,CURLOPT_HTTP_VERSION,CURL_HTTP_VERSION_1_1);
 static const char*names[]={"GET","POST","PATCH","PUT","DELETE"};curl_easy_setopt(c,CURLOPT_CUSTOMREQUEST,names[m]);
 if(body){char h[128];snprintf(h,sizeof h,"Content-Type: %s",ct);x->h=curl_slist_append(x->h,h);x->h=curl_slist_append(x->h,"Expect:");curl_easy_setopt(c,CURLOPT_POSTFIELDS,body);}
 if(getenv("TRACE")&&!x->watch)fprintf(stderr,"-> %s %s %.300s\n",names[m],path,body?body:"");
 if(x->h)curl_easy_setopt(c,CURLOPT_HTTPHEADER,x->h);curl_multi_add_handle(multi,c);}
static void drain(void){struct http_request*r;struct watch_command w;
 while((r=engine_take_request(eng))){struct xfer*x=xcalloc(1,sizeof*x);x->req=r;x->in.maximum=STRBUF_MAX_RESPONSE;start(x,r->path,r->method,r->content_type,r->body,r->timeout_ms);}
 while(engine_take_watch(eng,&w)){ if(w.open){struct xfer*x=xcalloc(1,sizeof*x);x->watch=true;x->slot=w.slot;x->serial=w.serial;watches[w.slot]=x;start(x,w.path,HTTP_GET,NULL,NULL,w.timeout_ms);free(w.path);}
  else if(watches[w.slot]){curl_multi_remove_handle(multi,watches[w.slot]->easy);curl_easy_cleanup(watches[w.slot]->easy);watches[w.slot]=NULL;} } }
static volatile int stop;static void onterm(int s){(void)s;stop=1;}
int driver_run(const struct driver_options *options, struct error *err){signal(SIGTERM,onterm);signal(SIGINT,onterm);base=options->config->server.url;
 if(credentials_create(options->config,ms(CLOCK_BOOTTIME),&cred,err)<0)return -1;
 curl_global_init(CURL_GLOBAL_ALL);multi=curl_multi_init();
 struct engine_options o=options->engine;o.transport=WATCH_HTTP;
 eng=engine_create(&o);bool stopping=false;
 for(;;){ if(stop&&!stopping){stopping=true;step(EVENT_STOP,NULL,NULL);}else step(EVENT_TICK,NULL,NULL);
  drain(); if(engine_is_stopped(eng)||engine_lost_lease(eng))break;
  int64_t w=engine_next_tick(eng)-ms(CLOCK_BOOTTIME);if(w>1000)w=1000;if(w<0)w=0;
  curl_multi_poll(multi,NULL,0,(int)w,NULL);int run;curl_multi_perform(multi,&run);CURLMsg*m;int left;
  while((m=curl_multi_info_read(multi,&left))){struct xfer*x;curl_easy_getinfo(m->easy_handle,CURLINFO_PRIVATE,&x);long code=0;curl_easy_getinfo(m->easy_handle,CURLINFO_RESPONSE_CODE,&code);CURLcode rc=m->data.result;
   if(x->watch){struct watch_signal s={.type=WATCH_CLOSED,.slot=x->slot,.serial=x->serial,.http_status=code==200?0:(int)code,.refused=!x->opened,.problem=curl_easy_strerror(rc)};watches[x->slot]=NULL;step(EVENT_WATCH,NULL,&s);}
   else{struct http_response r={.id=x->req->id,.status=rc==CURLE_OK?(int)code:0,.maybe_done=rc!=CURLE_COULDNT_CONNECT,.body={x->in.data?x->in.data:"",x->in.length},.problem=rc?curl_easy_strerror(rc):NULL};
    if(getenv("TRACE"))fprintf(stderr,"<- %ld %s %.200s\n",code,x->req->path,strbuf_text(&x->in));
    step(EVENT_RESPONSE,&r,NULL);http_request_destroy(x->req);}
   curl_multi_remove_handle(multi,x->easy);curl_easy_cleanup(x->easy);curl_slist_free_all(x->h);strbuf_finish(&x->in);free(x);drain();}
 }
 bool lost=engine_lost_lease(eng);engine_destroy(eng);return lost?error_set(err,ERROR_DENIED,"the lease was lost"):0;}
