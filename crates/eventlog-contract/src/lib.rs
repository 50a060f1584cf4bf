//! What every store must do, as one test suite.
