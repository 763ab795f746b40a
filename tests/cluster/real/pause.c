/*
 * pause: does nothing until it is told to stop. It is the first process of a node, which ends with it, and the only
 * file of the image that holds a pod's namespaces. `pause -v` says so and ends: the proof that a container runs here.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void stop(int signal)
{
    (void)signal;
    _exit(0);
}

int main(int argc, char **argv)
{
    /* The kernel sends the first process of a PID namespace only signals it has a handler for. */
    struct sigaction on_stop = { .sa_handler = stop };
    /* Orphans come to the first process; like this they leave no zombies. */
    struct sigaction on_child = { .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT };

    if (argc > 1 && strcmp(argv[1], "-v") == 0)
        return puts("pause: runs") < 0;
    sigaction(SIGTERM, &on_stop, NULL);
    sigaction(SIGINT, &on_stop, NULL);
    sigaction(SIGCHLD, &on_child, NULL);
    for (;;)
        pause();
}
