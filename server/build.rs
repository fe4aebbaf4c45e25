//! Tells cargo that the rules are part of the program: a file that is added or removed is a change.

fn main() {
    println!("cargo:rerun-if-changed=../syncs");
}
