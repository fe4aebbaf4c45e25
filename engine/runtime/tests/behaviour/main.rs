//! What the runtime promises, on a concept made for the purpose.

mod calls;
mod contention;
mod counter;
mod faults;
mod records;
