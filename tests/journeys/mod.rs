//! One user goal each, through the program as people run it.
