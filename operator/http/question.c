#include "question.h"

#include <stdlib.h>

void http_question_destroy(struct http_question *question)
{
    if (!question)
        return;
    free(question->url);
    free(question->host);
    free(question);
}
