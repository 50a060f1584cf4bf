//! Services together, over a long time.

#[cfg(test)]
mod time_travel;
