//! Types, and what fits into what.
//!
//! They come from the concepts' JSON schemas. Times, durations and counts are all numbers; an id is told apart by what it
//! is the id of only where a concept keeps such documents itself, and fits anywhere else. What is not known fits
//! everything: the checker reports what is surely wrong, and the concept's own reading of its input catches the rest.

use std::fmt;
use std::sync::Arc;

use concord::Value;

use crate::shape::Shape;

/// A type, and whether null is among its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// What it is when it is not null.
    pub base: Base,
    /// Whether it may be null.
    pub null: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Base {
    /// Not known, or anything.
    Any,
    /// Nothing but null.
    Nothing,
    /// True or false.
    Bool,
    /// A number, a time or a duration.
    Number,
    /// Text.
    Text,
    /// An id; of a document of this name, or of anything.
    Id(Option<Arc<str>>),
    /// One of these texts.
    OneOf(Arc<[Arc<str>]>),
    /// A list.
    List(Arc<Type>),
    /// An object with any keys.
    Map(Arc<Type>),
    /// An object.
    Object(Arc<[FieldType]>),
    /// To be found out: a field of a request, or a parameter of a view.
    Hole(usize),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldType {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether it may be absent.
    pub optional: bool,
}

impl Type {
    /// Anything, null included.
    pub const ANY: Self = Self { base: Base::Any, null: true };

    /// A type without null.
    pub const fn of(base: Base) -> Self {
        Self { base, null: false }
    }

    /// The same or null.
    #[must_use]
    pub fn or_null(self) -> Self {
        Self { null: true, ..self }
    }

    /// The same without null.
    #[must_use]
    pub fn not_null(self) -> Self {
        Self { null: false, ..self }
    }

    /// What no value is: an item of a list that is empty.
    pub(crate) const NEVER: Self = Self { base: Base::Nothing, null: false };

    /// A list of these.
    pub fn list(item: Self) -> Self {
        Self::of(Base::List(Arc::new(item)))
    }

    /// What a value like this one is, when it is not just this one: of a text, any text.
    #[must_use]
    pub(crate) fn widened(self) -> Self {
        match self.base {
            Base::OneOf(_) => Self { base: Base::Text, ..self },
            Base::Nothing => Self::ANY,
            Base::List(_) => Self { base: Self::list(Self::ANY).base, ..self },
            _ => self,
        }
    }

    /// The fields, if this is an object.
    pub fn fields(&self) -> &[FieldType] {
        match &self.base {
            Base::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The type of a literal: of a text, just that text.
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self { base: Base::Nothing, null: true },
            Value::Bool(_) => Self::of(Base::Bool),
            Value::Int(_) | Value::Float(_) => Self::of(Base::Number),
            Value::Text(text) => Self::of(Base::OneOf([text.share()].into())),
            Value::List(_) => Self::list(Self::ANY),
            Value::Object(_) => Self::of(Base::Any),
        }
    }

    /// From a schema's shape. `entity` says which ids are of documents of their own.
    pub fn of_shape(shape: &Shape, entity: &dyn Fn(&str) -> Option<Arc<str>>) -> Self {
        let of = |shape: &Shape| Self::of_shape(shape, entity);
        Self::of(match shape {
            Shape::Id(tag) => Base::Id(entity(tag)),
            Shape::Text => Base::Text,
            Shape::Number | Shape::Time => Base::Number,
            Shape::Boolean => Base::Bool,
            Shape::OneOf(texts) => Base::OneOf(texts.iter().map(|text| text.as_str().into()).collect()),
            Shape::List(item) => Base::List(Arc::new(of(item))),
            Shape::Map(value) => Base::Map(Arc::new(of(value))),
            Shape::Object(fields) => {
                let field = |field: &crate::shape::Field| FieldType {
                    name: field.name.as_str().into(),
                    ty: of(&field.shape),
                    optional: field.optional,
                };
                Base::Object(fields.iter().map(field).collect())
            }
            Shape::Nullable(inner) => return of(inner).or_null(),
            Shape::Again(_) | Shape::Any => return Self::ANY,
        })
    }

    /// What both say: the values that are of either type.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let null = self.null || other.null;
        let base = match (self.base, other.base) {
            (Base::Nothing, base) | (base, Base::Nothing) => base,
            (a, b) if a == b => a,
            (Base::OneOf(a), Base::OneOf(b)) => {
                let more = b.iter().filter(|text| !a.contains(text)).cloned();
                Base::OneOf(a.iter().cloned().chain(more).collect())
            }
            (Base::Id(_) | Base::Text | Base::OneOf(_), Base::Id(_) | Base::Text | Base::OneOf(_)) => {
                Base::Text
            }
            (Base::List(a), Base::List(b)) => Base::List(Arc::new(Self::clone(&a).join(Self::clone(&b)))),
            _ => Base::Any,
        };
        Self { base, null }
    }

    /// Whether a value of this type is of that one, as far as can be told. Null is another matter.
    pub(crate) fn fits(&self, wanted: &Self) -> bool {
        match (&self.base, &wanted.base) {
            (Base::Any | Base::Hole(_) | Base::Nothing, _)
            | (_, Base::Any | Base::Hole(_))
            | (Base::Bool, Base::Bool)
            | (Base::Number, Base::Number)
            | (Base::Text | Base::Id(_) | Base::OneOf(_), Base::Text)
            | (Base::Text | Base::OneOf(_), Base::Id(_)) => true,
            (Base::Id(a), Base::Id(b)) => a.is_none() || b.is_none() || a == b,
            (Base::OneOf(a), Base::OneOf(b)) => a.iter().all(|text| b.contains(text)),
            (Base::List(a), Base::List(b)) | (Base::Map(a), Base::Map(b)) => a.fits(b),
            (Base::Object(fields), Base::Map(value)) => fields.iter().all(|field| field.ty.fits(value)),
            (Base::Map(value), Base::Object(fields)) => fields.iter().all(|field| value.fits(&field.ty)),
            (Base::Object(a), Base::Object(b)) => {
                b.iter().all(|wanted| match a.iter().find(|field| field.name == wanted.name) {
                    Some(field) => field.ty.fits(&wanted.ty),
                    None => wanted.optional || wanted.ty.null,
                })
            }
            _ => false,
        }
    }

    /// Whether the two have a value in common, as far as can be told.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        if self.null && other.null {
            return true;
        }
        match (&self.base, &other.base) {
            (Base::OneOf(a), Base::OneOf(b)) => a.iter().any(|text| b.contains(text)),
            _ => self.fits(other) || other.fits(self),
        }
    }

    /// The narrower of two types that have values in common.
    pub(crate) fn meet(&self, other: &Self) -> Option<Self> {
        if !self.meets(other) {
            return None;
        }
        let null = self.null && other.null;
        let base = match (&self.base, &other.base) {
            (Base::Any | Base::Hole(_), base) | (base, Base::Any | Base::Hole(_)) => base.clone(),
            (Base::OneOf(a), Base::OneOf(b)) => {
                Base::OneOf(a.iter().filter(|text| b.contains(text)).cloned().collect())
            }
            (Base::Object(a), Base::Object(b)) => Base::Object(merged(a, b)?),
            (Base::List(a), Base::List(b)) => Base::List(Arc::new(a.meet(b)?)),
            _ if self.fits(other) && !matches!(self.base, Base::Text) => self.base.clone(),
            (Base::Text, base) => base.clone(),
            _ => other.base.clone(),
        };
        Some(Self { base, null })
    }

    /// What is wrong with a value that should be of this type; `name` is what to call it.
    pub fn fault(&self, value: &Value, name: &str) -> Option<String> {
        self.fault_at(value, &Path::Field(name))
    }

    fn fault_at(&self, value: &Value, name: &Path<'_>) -> Option<String> {
        if value.is_null() {
            return (!self.null).then(|| format!("the field `{name}` is missing"));
        }
        let wrong = |wanted: &str| Some(format!("the field `{name}` must be {wanted}, not {}", value.kind()));
        match (&self.base, value) {
            (Base::Any | Base::Nothing | Base::Hole(_), _)
            | (Base::Bool, Value::Bool(_))
            | (Base::Number, Value::Int(_) | Value::Float(_))
            | (Base::Text, Value::Text(_)) => None,
            (Base::Id(_), Value::Text(text)) => {
                let is_id = !text.is_empty() && text.len() <= concord::MAX_ID_BYTES;
                (!is_id).then(|| format!("the field `{name}` must be an id, and not empty or overlong"))
            }
            (Base::OneOf(texts), Value::Text(text)) => (!texts.iter().any(|known| **known == **text))
                .then(|| format!("the field `{name}` must be {}", one_of(texts))),
            (Base::List(item), Value::List(items)) => {
                (0..).zip(items.iter()).find_map(|(at, value)| item.fault_at(value, &Path::Item(name, at)))
            }
            (Base::Map(inner), Value::Object(fields)) => {
                fields.iter().find_map(|(key, value)| inner.fault_at(value, &Path::Inner(name, key)))
            }
            (Base::Object(fields), Value::Object(_)) => fields
                .iter()
                .filter(|field| !(field.optional && value.field(&field.name).is_null()))
                .find_map(|field| {
                    field.ty.fault_at(&value.field(&field.name), &Path::Inner(name, &field.name))
                }),
            _ => wrong(&self.to_string()),
        }
    }
}

/// Where a value is; spelt out only if it is at fault.
enum Path<'a> {
    Field(&'a str),
    Inner(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Inner(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, at) => write!(f, "{of}[{at}]"),
        }
    }
}

/// The fields of both; of those that both have, what both say.
fn merged(a: &[FieldType], b: &[FieldType]) -> Option<Arc<[FieldType]>> {
    let mut fields: Vec<FieldType> = a.to_vec();
    for field in b {
        match fields.iter_mut().find(|other| other.name == field.name) {
            Some(other) => {
                other.ty = other.ty.meet(&field.ty)?;
                other.optional &= field.optional;
            }
            None => fields.push(field.clone()),
        }
    }
    Some(fields.into())
}

fn one_of(texts: &[Arc<str>]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".into(),
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Any | Base::Hole(_) => f.write_str("anything")?,
            Base::Nothing => return f.write_str("null"),
            Base::Bool => f.write_str("a boolean")?,
            Base::Number => f.write_str("a number")?,
            Base::Text => f.write_str("a text")?,
            Base::Id(Some(entity)) => write!(f, "an id of {entity}")?,
            Base::Id(None) => f.write_str("an id")?,
            Base::OneOf(texts) => f.write_str(&one_of(texts))?,
            Base::List(_) => f.write_str("a list")?,
            Base::Map(_) | Base::Object(_) => f.write_str("an object")?,
        }
        if self.null && self.base != Base::Any { f.write_str(" or null") } else { Ok(()) }
    }
}
