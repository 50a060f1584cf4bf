//! The product as its users meet it: the program, its command line, its pages, and the software of others around it.

#[cfg(test)]
mod check;
