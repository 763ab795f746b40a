#pragma once

/* `digits serve`: answers which digit it sees. What it needs to know is in the environment. Returns the exit code. */
int serve(int argc, char **argv);
