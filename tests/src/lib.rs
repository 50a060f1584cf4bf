//! Black-box tests: end to end, interoperability, faults, load. Only through public interfaces.
