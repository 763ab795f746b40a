#define _GNU_SOURCE /* pipe2, environ, pidfd_open, posix_spawn_file_actions_addclosefrom_np */
#include "exec_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/memory.h"

/* Our environment with the plugin's over it; the caller frees the array. */
static char **merged_environment(const char *const *added)
{
    size_t count = 0, ours = 0, kept = 0;
    char **merged;

    while (added[count])
        count++;
    while (environ[ours])
        ours++;
    merged = xcalloc(count + ours + 1, sizeof(*merged));
    for (size_t i = 0; i < ours; i++) {
        size_t name = strcspn(environ[i], "="), at = 0;

        while (at < count && (strncmp(added[at], environ[i], name) != 0 || added[at][name] != '='))
            at++;
        if (at == count)
            merged[kept++] = environ[i];
    }
    for (size_t i = 0; i < count; i++)
        merged[kept++] = (char *)added[i];
    return merged;
}

static int fail_start(const struct exec_config *config, int problem, struct error *err)
{
    const char *command = config->arguments[0], *hint = config->install_hint;

    if (problem != ENOENT)
        return error_set(
            err, ERROR_INVALID, "the credential plugin '%s' cannot be run: %s", command, strerror(problem));
    return error_set(err,
                     ERROR_NOT_FOUND,
                     "the credential plugin '%s' is not there%s%s%s",
                     command,
                     strchr(command, '/') ? "" : " (not in PATH)",
                     hint ? ": " : ": install it",
                     hint ? hint : "");
}

/* Starts the child with its output in `out`; 0 or an errno. Signals are as at login, whatever we changed of ours. */
static int spawn(const struct exec_config *config, int out, pid_t *ret)
{
    auto_free char **environment = merged_environment(config->environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int problem;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    problem =
        posix_spawnp(ret, config->arguments[0], &actions, &attributes, (char *const *)config->arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return problem;
}

int exec_plugin_start(
    struct exec_plugin *plugin, const struct exec_config *config, int64_t now_ms, int64_t timeout_ms, struct error *err)
{
    int ends[2], problem;
    pid_t pid = 0;

    if (plugin->pid)
        BUG("the plugin is running already");
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(err, ERROR_TRANSIENT, "cannot make a pipe: %s", strerror(errno));
    fcntl(ends[1], F_SETFL, 0); /* the child's end blocks, as programs expect */
    problem = spawn(config, ends[1], &pid);
    close(ends[1]);
    if (problem) {
        close(ends[0]);
        return fail_start(config, problem, err);
    }
    *plugin = (struct exec_plugin){
        .config = config,
        .pid = pid,
        .pipe = ends[0],
        .pidfd = -1,
        .deadline_ms = now_ms + timeout_ms,
        .output = { .maximum = EXEC_MAX_OUTPUT },
    };
    return 0;
}

bool exec_plugin_is_running(const struct exec_plugin *plugin)
{
    return plugin->pid > 0;
}

int exec_plugin_fd(const struct exec_plugin *plugin)
{
    if (!plugin->pid)
        return -1;
    return plugin->pipe >= 0 ? plugin->pipe : plugin->pidfd;
}

static void close_all(struct exec_plugin *plugin)
{
    if (plugin->pipe >= 0)
        close(plugin->pipe);
    if (plugin->pidfd >= 0)
        close(plugin->pidfd);
    strbuf_finish(&plugin->output);
    *plugin = (struct exec_plugin){ .pipe = -1, .pidfd = -1 };
}

void exec_plugin_finish(struct exec_plugin *plugin)
{
    if (!plugin || !plugin->pid)
        return;
    kill(-plugin->pid, SIGKILL); /* its group, which start made */
    while (waitpid(plugin->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close_all(plugin);
}

/* Takes what is in the pipe; at its end closes it and watches the process instead. */
static int read_output(struct exec_plugin *plugin, struct error *err)
{
    char chunk[8 * 1024];
    ssize_t length;

    do {
        length = read(plugin->pipe, chunk, sizeof(chunk));
        if (length > 0)
            strbuf_append(&plugin->output, chunk, (size_t)length);
    } while ((length > 0 && !plugin->output.overflow) || (length < 0 && errno == EINTR));
    if (plugin->output.overflow)
        return error_set(err, ERROR_INVALID, "it printed more than %d bytes", EXEC_MAX_OUTPUT);
    if (length < 0 && errno == EAGAIN)
        return 0;
    if (length < 0)
        return error_set(err, ERROR_TRANSIENT, "its output cannot be read: %s", strerror(errno));
    close(plugin->pipe);
    plugin->pipe = -1;
    plugin->pidfd = pidfd_open(plugin->pid, 0);
    return 0;
}

static int judge_status(int status, struct error *err)
{
    if (WIFSIGNALED(status))
        return error_set(err, ERROR_DENIED, "it was killed by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status))
        return error_set(err, ERROR_DENIED, "it exited with code %d; its own words are in stderr", WEXITSTATUS(status));
    return 0;
}

/* Looks whether the process has ended; `output` then has what it said. */
static int check_process(struct exec_plugin *plugin, int64_t now_ms, bool *ret_ended, struct error *err)
{
    int status = 0;
    pid_t pid = plugin->pipe < 0 ? waitpid(plugin->pid, &status, WNOHANG) : 0;

    *ret_ended = pid != 0;
    if (pid == 0 && now_ms >= plugin->deadline_ms)
        return error_set(err, ERROR_TRANSIENT, "it did not finish in time and was killed");
    if (pid == 0)
        return 0;
    plugin->pid = 0; /* reaped, by us or (ECHILD, SIGCHLD being ignored) by the kernel */
    return pid < 0 ? 0 : judge_status(status, err);
}

static int step(
    struct exec_plugin *plugin, int64_t now_ms, bool *ret_done, struct exec_credential *ret, struct error *err)
{
    if (plugin->pipe >= 0 && read_output(plugin, err) < 0)
        return -1;
    if (check_process(plugin, now_ms, ret_done, err) < 0)
        return -1;
    if (!*ret_done)
        return 0;
    return exec_credential_parse(
        plugin->config, (struct slice){ plugin->output.data, plugin->output.length }, ret, err);
}

int exec_plugin_step(
    struct exec_plugin *plugin, int64_t now_ms, bool *ret_done, struct exec_credential *ret, struct error *err)
{
    const char *command = plugin->config->arguments[0];
    bool done;

    if (step(plugin, now_ms, &done, ret, err) < 0) {
        if (plugin->pid)
            exec_plugin_finish(plugin);
        else
            close_all(plugin);
        return error_wrap(err, "the credential plugin '%s'", command);
    }
    if (done)
        close_all(plugin);
    *ret_done = done;
    return 0;
}
