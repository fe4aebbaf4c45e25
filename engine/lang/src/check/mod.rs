//! From trees to a plan, checking everything on the way.
//!
//! One walk does both: a rule whose names and types have been worked out is a rule whose slots and numbers are known.
//! Faults are gathered, not thrown; what is wrong becomes something harmless in the plan, and a plan with errors is never
//! handed out.

mod answers;
mod bases;
mod contract;
mod cycles;
mod expose;
mod expression;
mod find;
mod fitting;
mod function;
mod graph;
mod holes;
mod line;
mod nodes;
mod pattern;
mod routes;
mod rule;
mod scope;
mod secrets;
mod socket;
mod stimulus;
mod twice;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::holes::Holes;
use self::routes::Routes;
use self::scope::Scope;
use self::socket::Sockets;
use self::view::{Applied, ViewSig};
use crate::ast;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::names::Names;
use crate::parse::parse;
use crate::plan::{self, Plan};
use crate::source::Sources;
use crate::types::Type;

/// Checks all files together.
///
/// ```
/// use concord_lang::{ConceptSig, Names, Source, Sources, check};
///
/// struct Nothing;
///
/// impl Names for Nothing {
///     fn concepts(&self) -> Vec<&str> { Vec::new() }
///     fn concept(&self, _: &str) -> Option<&ConceptSig> { None }
///     fn own(&self, _: &str, _: &str) -> Option<&ConceptSig> { None }
///     fn setting(&self, _: &str, _: &str) -> Option<String> { None }
/// }
///
/// let text = "sync A\nwhen\n  Room.close (room)\nthen\n  Participant.leave (room)\n";
/// let source = Source { folder: String::new(), path: "a.sync".into(), text: text.into() };
/// let diagnostics = check(&Sources::new(vec![source]), &Nothing).unwrap_err();
/// assert_eq!(diagnostics.iter().next().unwrap().id, "unknown-concept");
/// ```
pub fn check(sources: &Sources, names: &dyn Names) -> Result<(Plan, Diagnostics), Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let mut folders: BTreeMap<&str, Vec<ast::File>> = BTreeMap::new();
    for (file, source) in sources.files() {
        let parsed = parse(file, &source.text, &mut diagnostics);
        folders.entry(&source.folder).or_default().push(parsed.file);
    }
    let mut plan = Plan::default();
    let mut cycles = cycles::Graph::default();
    for (name, files) in &folders {
        let folder = Folder::new(name, files, &mut diagnostics);
        let mut checker = Checker {
            names,
            diagnostics: &mut diagnostics,
            plan: &mut plan,
            folder: &folder,
            contract: None,
            views: BTreeMap::new(),
            applied: Vec::new(),
            holes: Holes::default(),
            routes: Routes::default(),
            sockets: Sockets::default(),
            admitted: Vec::new(),
            settings: Vec::new(),
            codes: Vec::new(),
            view_depth: 0,
            view_reach: 0,
            loose: false,
            given: Vec::new(),
        };
        checker.folder(&mut cycles);
    }
    bases::hidden(&plan, &mut diagnostics);
    cycles.report(&plan, &mut diagnostics);
    diagnostics.sort();
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok((plan, diagnostics)) }
}

/// The concepts that contracts have to themselves, by contract: they are made before anything is checked.
pub fn owned(sources: &Sources) -> Vec<(String, String)> {
    let mut owned = Vec::new();
    for (file, source) in sources.files() {
        let parsed = parse(file, &source.text, &mut Diagnostics::default());
        for contract in &parsed.file.contracts {
            let pair = |name: &ast::Name| (contract.name.text.to_string(), name.text.to_string());
            owned.extend(contract.own.iter().map(pair));
        }
    }
    owned
}

/// The rules of one folder.
struct Folder<'a> {
    name: Arc<str>,
    contract: Option<&'a ast::Contract>,
    views: Vec<&'a ast::View>,
    syncs: Vec<&'a ast::Sync>,
}

impl<'a> Folder<'a> {
    fn new(name: &str, files: &'a [ast::File], diagnostics: &mut Diagnostics) -> Self {
        let mut contracts = files.iter().flat_map(|file| &file.contracts);
        let contract = contracts.next();
        for other in contracts {
            let fault = Diagnostic::error("two-contracts", other.name.span, "a folder has one contract");
            let first = contract.map(|first| first.name.span).unwrap_or_default();
            diagnostics.push(fault.also(first, "the other one").help("put each into a folder of its own"));
        }
        let folder = Self {
            name: name.into(),
            contract,
            views: files.iter().flat_map(|file| &file.views).collect(),
            syncs: files.iter().flat_map(|file| &file.syncs).collect(),
        };
        twice::views(&folder.views, diagnostics);
        twice::twice(folder.syncs.iter().map(|sync| &sync.name), ("sync", "folder"), diagnostics);
        folder
    }
}

/// What is at hand while one folder is checked.
struct Checker<'a> {
    names: &'a dyn Names,
    diagnostics: &'a mut Diagnostics,
    plan: &'a mut Plan,
    folder: &'a Folder<'a>,
    /// The contract's place in the plan.
    contract: Option<usize>,
    views: BTreeMap<Arc<str>, ViewSig>,
    /// What views give for arguments that say more than their parameters.
    applied: Vec<Applied>,
    holes: Holes,
    routes: Routes,
    sockets: Sockets,
    /// What `admit` bound.
    admitted: Vec<(Arc<str>, Type)>,
    settings: Vec<(Arc<str>, concord::Value)>,
    /// The codes that the contract's table defines, and how.
    codes: Vec<plan::Otherwise>,
    /// How many views are being checked, each for the sake of the one before.
    view_depth: usize,
    /// How deep the views go that have been used so far in what is being checked.
    view_reach: usize,
    /// Whether actions may stand where queries do: in `admit`.
    loose: bool,
    /// The arguments of the call that was checked last, with their types.
    given: Vec<(Arc<str>, Type)>,
}

impl Checker<'_> {
    fn folder(&mut self, cycles: &mut cycles::Graph) {
        if let Some(contract) = self.folder.contract {
            self.contract(contract);
        }
        for view in &self.folder.views {
            self.view_sig(&view.name);
        }
        let folder = self.folder;
        for sync in &folder.syncs {
            let first_slot = Scope::default();
            if let Some(checked) = self.sync(sync, first_slot) {
                cycles.add(self.plan.syncs.len());
                self.plan.syncs.push(checked);
            }
        }
        self.finish_routes();
        self.finish_socket();
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
