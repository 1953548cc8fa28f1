#include "CSQLite.h"

#include <sqlite3.h>

int tacit_sqlite_unaccounted(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
