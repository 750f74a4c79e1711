/* The log, and the simulator's profile. */
#include "check.h"

static int lines, loud, inside;
static char last[4096];

static void take(void *user, int32_t level, const char *target, const char *message) {
    HOLDS(user == &lines && target[0] != 0);
    lines++;
    if (level > AREID_LOG_LEVEL_DEBUG) loud++;
    snprintf(last, sizeof last, "%s", message);
    /* Lines that this causes are dropped; the callback cannot be changed from here. */
    if (areid_log_set(NULL, NULL, 0) != AREID_BUSY) inside++;
}

static areid_status make(const char *profile, areid_runtime **runtime) {
    areid_runtime_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.backend = AREID_BACKEND_SIMULATOR;
    options.profile = profile;
    return areid_runtime_new(&options, runtime);
}

int main(int argc, char **argv) {
    areid_runtime *runtime = NULL, *second = NULL;
    areid_device *device = NULL;
    uint32_t devices = 0;
    char chip[32] = "";
    int before;
    if (argc < 2) return 2;
    WANT(areid_log_set(take, &lines, 6), AREID_INVALID_ARGUMENT, "level is 6");
    WANT(areid_log_set(take, &lines, -1), AREID_INVALID_ARGUMENT, "level is -1");
    OK(areid_log_set(take, &lines, AREID_LOG_LEVEL_DEBUG));

    WANT(make("no-such-profile", &runtime), AREID_INVALID_ARGUMENT, "no-such-profile");
    WANT(make("\xff", &runtime), AREID_NOT_UTF8, "options.profile");
    WANT(make(in(argv[1], "wrong.toml"), &runtime), AREID_INVALID_ARGUMENT, "wrong.toml");
    HOLDS(strstr(areid_last_error(), "ACL_SIM_PROFILE") == NULL);
    HOLDS(runtime == NULL);
    OK(make("300i-duo", &runtime));
    OK(areid_runtime_device_count(runtime, &devices));
    HOLDS(devices == 2);
    OK(make("300i-duo", &second));
    OK(areid_runtime_free(second));
    OK(make(NULL, &second));
    OK(areid_runtime_free(second));
    WANT(make("310p3-mgn", &second), AREID_INVALID_ARGUMENT, "300i-duo already");
    OK(areid_device_open(runtime, 1, &device));
    OK(areid_device_soc_name(device, chip, sizeof chip, NULL));
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    before = lines;
    OK(areid_log_set(NULL, &lines, AREID_LOG_LEVEL_DEBUG));
    OK(make(NULL, &runtime));
    OK(areid_runtime_free(runtime));
    HOLDS(lines == before && loud == 0 && inside == 0);
    printf("%d lines\n", lines);
    return report();
}
