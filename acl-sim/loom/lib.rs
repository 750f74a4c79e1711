//! Nothing: the tests take the sources of the simulator that they check.
