// A shared object that is no plugin.
extern "C" int longhaul_tests_bare() { return 0; }
