#include "ascend_reid.h"
#include "ascend_reid.h"

const char *twice_b(void);

const char *twice_b(void) { return areid_status_name(AREID_WRONG_MODEL); }
