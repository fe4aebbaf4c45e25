//! The map of the workspace, held to.

use concord_tests::packages;

#[test]
fn a_concept_depends_on_no_other_concept_and_not_on_the_server() {
    let concepts: Vec<_> =
        packages().into_iter().filter(|package| package.folder.starts_with("concepts")).collect();
    assert!(concepts.len() >= 4, "{concepts:?}");
    for concept in concepts {
        assert_eq!(concept.needs, ["concord"], "{}", concept.name);
        assert_eq!(concept.tests_need, ["concord-testing"], "{}", concept.name);
    }
}

#[test]
fn what_a_concept_imports_links_no_database_and_no_network() {
    let package = packages().into_iter().find(|package| package.name == "concord").unwrap();
    assert_eq!(package.needs, ["concord-macros"]);
}

#[test]
fn the_runtime_knows_no_http() {
    for package in packages().into_iter().filter(|package| package.folder.starts_with("engine")) {
        assert!(!package.needs.contains(&"concord-server".to_owned()), "{}", package.name);
    }
}
