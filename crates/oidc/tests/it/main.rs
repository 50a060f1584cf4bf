//! Black-box tests of the engine.

#[cfg(test)]
mod authorize;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod key;
#[cfg(test)]
mod token;
#[cfg(test)]
mod value;
