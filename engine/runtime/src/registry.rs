//! The concepts of an app, by name.
//!
//! A registry holds instances: one concept may be there several times, each with a name and state of its own. Actions
//! are resolved to a pair of indices once; running one afterwards costs no look-up by name.

use std::any::type_name;
use std::collections::HashMap;
use std::sync::Arc;

use concord::spec::{ActionSpec, CollectionSpec, ConceptSpec};
use concord::{Concept, Input, Kind, Place, Refusal, Running, Tx, nearest};
use concord_lang::ActionId;
use concord_store::Layout;

use crate::error::RegistryFault;

/// The code of a refusal that found nothing under a name.
pub const NOT_FOUND: &str = "NOT_FOUND";

/// An action of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionRef {
    instance: u16,
    action: u16,
}

impl From<ActionRef> for ActionId {
    fn from(action: ActionRef) -> Self {
        Self(u32::from(action.instance) << 16 | u32::from(action.action))
    }
}

impl From<ActionId> for ActionRef {
    fn from(ActionId(id): ActionId) -> Self {
        let half = |bits: u32| u16::try_from(bits & 0xFFFF).unwrap_or_default();
        Self { instance: half(id >> 16), action: half(id) }
    }
}

/// A concept without its type.
trait AnyConcept: Send + Sync {
    fn bind(&mut self, places: &[Place]);
    fn another(&self) -> Box<dyn AnyConcept>;
    fn call<'a>(&'a self, action: usize, tx: &'a mut Tx, input: Input<'a>) -> Running<'a>;
}

impl<C: Concept> AnyConcept for C {
    fn bind(&mut self, places: &[Place]) {
        concord::Collections::bind(self, places);
    }

    fn another(&self) -> Box<dyn AnyConcept> {
        Box::new(concord::Collections::another(self))
    }

    fn call<'a>(&'a self, action: usize, tx: &'a mut Tx, input: Input<'a>) -> Running<'a> {
        Concept::call(self, action, tx, input)
    }
}

/// A concept with a name and state of its own.
pub struct Instance {
    name: Box<str>,
    spec: &'static ConceptSpec,
    collections: &'static [CollectionSpec],
    crate_name: &'static str,
    concept: Box<dyn AnyConcept>,
}

impl Instance {
    /// Its name: the concept's own, or `VideoCalls.Room` for one that belongs to a contract.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the concept says about itself.
    pub fn spec(&self) -> &'static ConceptSpec {
        self.spec
    }

    /// What it keeps.
    pub fn collections(&self) -> &'static [CollectionSpec] {
        self.collections
    }

    /// The crate it comes from.
    pub fn crate_name(&self) -> &'static str {
        self.crate_name
    }
}

/// The concepts of an app.
#[derive(Default)]
pub struct Registry {
    instances: Vec<Instance>,
    by_name: HashMap<Box<str>, ByName>,
}

struct ByName {
    instance: u16,
    actions: HashMap<&'static str, u16>,
}

impl Registry {
    /// Adds an instance under its concept's name.
    pub fn add<C: Concept>(&mut self, concept: C) -> Result<(), RegistryFault> {
        self.add_as(C::SPEC.name, concept)
    }

    /// Adds an instance under a name of its own, with state of its own.
    pub fn add_as<C: Concept>(&mut self, name: &str, concept: C) -> Result<(), RegistryFault> {
        if self.by_name.contains_key(name) {
            return Err(RegistryFault::NameTaken(name.into()));
        }
        let count = |n: usize| u16::try_from(n).map_err(|_| RegistryFault::TooMany);
        let instance = count(self.instances.len())?;
        let mut actions = HashMap::new();
        for (index, action) in C::SPEC.actions.iter().enumerate() {
            if actions.insert(action.name, count(index)?).is_some() {
                return Err(RegistryFault::ActionTwice { concept: name.into(), action: action.name });
            }
        }
        self.by_name.insert(name.into(), ByName { instance, actions });
        self.instances.push(Instance {
            name: name.into(),
            spec: C::SPEC,
            collections: C::COLLECTIONS,
            crate_name: type_name::<C>().split("::").next().unwrap_or_default(),
            concept: Box::new(concept),
        });
        Ok(())
    }

    /// Adds an instance of its own for a contract: `VideoCalls.Room`. Whether there is such a concept at all.
    pub(crate) fn add_own(&mut self, contract: &str, concept: &str) -> Result<bool, RegistryFault> {
        let Some(found) = self.by_name.get(concept) else { return Ok(false) };
        let shared = &self.instances[usize::from(found.instance)];
        let name: Box<str> = format!("{contract}.{concept}").into();
        let actions = found.actions.clone();
        let instance = u16::try_from(self.instances.len()).map_err(|_| RegistryFault::TooMany)?;
        let own = Instance { name: name.clone(), concept: shared.concept.another(), ..*shared };
        if self.by_name.insert(name.clone(), ByName { instance, actions }).is_some() {
            return Err(RegistryFault::NameTaken(name));
        }
        self.instances.push(own);
        Ok(true)
    }

    /// All instances, in the order in which they were added.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Finds an action by name; what it is probably called, if there is none.
    pub fn resolve(&self, concept: &str, action: &str) -> Result<ActionRef, Refusal> {
        let Some(found) = self.by_name.get(concept) else {
            let names = self.instances.iter().map(|instance| &*instance.name);
            return Err(unknown("concept", concept, nearest(concept, names)));
        };
        let Some(&index) = found.actions.get(action) else {
            let near = nearest(action, found.actions.keys().copied());
            return Err(unknown(&format!("action of {concept}"), action, near));
        };
        Ok(ActionRef { instance: found.instance, action: index })
    }

    /// Every action of every instance.
    pub fn actions(&self) -> impl Iterator<Item = ActionRef> {
        let of = |(instance, entry): (u16, &Instance)| {
            (0..).take(entry.spec.actions.len()).map(move |action| ActionRef { instance, action })
        };
        (0..).zip(&self.instances).flat_map(of)
    }

    /// The instance of an action.
    pub fn instance(&self, action: ActionRef) -> &Instance {
        &self.instances[usize::from(action.instance)]
    }

    /// What an action says about itself.
    pub fn spec(&self, action: ActionRef) -> &'static ActionSpec {
        &self.instance(action).spec.actions[usize::from(action.action)]
    }

    /// The names of an action: its instance's and its own.
    pub fn names(&self, action: ActionRef) -> (&str, &'static str) {
        (self.instance(action).name(), self.spec(action).name)
    }

    pub(crate) fn call<'a>(&'a self, action: ActionRef, tx: &'a mut Tx, input: Input<'a>) -> Running<'a> {
        self.instance(action).concept.call(usize::from(action.action), tx, input)
    }

    /// Every collection of every instance, named after both.
    pub(crate) fn layouts(&self) -> Vec<Layout> {
        let of = |instance: &Instance| {
            let name = instance.name.clone();
            instance
                .collections
                .iter()
                .map(move |spec| Layout { name: format!("{name}.{}", spec.name).into(), state: spec.state })
        };
        self.instances.iter().flat_map(of).collect()
    }

    /// Tells every collection where its documents are. `places` is in the order of `layouts`.
    pub(crate) fn bind(&mut self, places: Vec<Place>) {
        let mut places = places.into_iter();
        for instance in &mut self.instances {
            let own: Vec<Place> = places.by_ref().take(instance.collections.len()).collect();
            instance.concept.bind(&own);
        }
    }
}

fn unknown(what: &str, name: &str, near: Option<&str>) -> Refusal {
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    let message = match near {
        Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{name}`"),
    };
    Refusal::new(Kind::NotFound, NOT_FOUND, message)
}

/// The whole name of a collection, shared with messages about it.
pub(crate) fn places(layouts: &[Layout], ids: Vec<concord::storage::CollectionId>) -> Vec<Place> {
    layouts.iter().zip(ids).map(|(layout, id)| Place { id, name: Arc::clone(&layout.name) }).collect()
}
