//! Errors of use point at the author's own words. One file a fault, named after it; `pass` has their working twins.

#[test]
fn faults_are_told_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
