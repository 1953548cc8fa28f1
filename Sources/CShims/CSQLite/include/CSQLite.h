#pragma once

/// Has SQLite keep no account of the memory that it uses, of which nobody asks: each of its allotments would take a lock for it.
/// To be called before SQLite is used at all; afterwards it changes nothing. Returns SQLite's code.
int tacit_sqlite_unaccounted(void);
