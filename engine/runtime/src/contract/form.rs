//! Forms: what a request brings instead of JSON when there are files in it.
//!
//! Whoever reads the form (the server) puts each file where [`Upload`] says and tells here what it found. A part that is
//! text is a field like one of a query; a file is of the engine's making, and nothing that a client writes can pass for one.

use bytes::Bytes;
use concord::{Blob, Id, Name, Refusal, Value};
use concord_lang::Base;
use concord_lang::plan::{Route, RouteField};

use super::fields::{converted, invalid};
use super::{Admission, Content};
use crate::app::App;
use crate::spool::Upload;

/// What came in a form.
#[derive(Debug)]
pub struct Form {
    /// The names and values of the parts that are text, in order.
    pub texts: Vec<(String, String)>,
    /// The parts that are files, in order.
    pub files: Vec<FormFile>,
    /// Where the bytes are.
    pub upload: Upload,
}

/// A file of a form.
#[derive(Debug, Clone)]
pub struct FormFile {
    /// The name of the part.
    pub field: String,
    /// What the client calls the file.
    pub name: String,
    /// What the client says it is: `video/mp4`.
    pub kind: String,
    /// Its bytes.
    pub size: u64,
    /// The id by which actions find it.
    pub blob: Id<Blob>,
}

impl From<Bytes> for Content {
    fn from(body: Bytes) -> Self {
        Self::Body(body)
    }
}

impl From<Form> for Content {
    fn from(form: Form) -> Self {
        Self::Form(Box::new(form))
    }
}

impl App {
    /// Room for the files of a request that has been let in.
    pub fn upload(&self, admission: &Admission) -> Upload {
        self.inner.spool.upload(admission.flow)
    }

    /// Whether the route's syncs name files of this name: those of any other name are not worth a place on the disk.
    pub fn takes_file(&self, admission: &Admission, name: &str) -> bool {
        self.files_of(admission).iter().any(|field| *field.name == *name)
    }

    /// Whether the route's syncs name any files.
    pub fn takes_files(&self, admission: &Admission) -> bool {
        !self.files_of(admission).is_empty()
    }

    fn files_of(&self, admission: &Admission) -> &[RouteField] {
        &self.plan().contracts[admission.contract].routes[admission.route].files
    }
}

/// The fields of a route that are files.
pub(super) fn files(route: &Route, form: Option<&Form>) -> Result<Vec<(Name, Value)>, Refusal> {
    let mut found = Vec::with_capacity(route.files.len());
    for field in &route.files {
        let of_name = form.into_iter().flat_map(|form| &form.files).filter(|file| file.field == *field.name);
        let mut values: Vec<Value> = of_name.map(value).collect();
        let is_list = matches!(field.ty.base, Base::List(_));
        if values.len() > 1 && !is_list {
            return Err(twice(&field.name));
        }
        match values.pop() {
            Some(last) if is_list => {
                values.push(last);
                found.push(((&field.name).into(), Value::List(values.into())));
            }
            Some(only) => found.push(((&field.name).into(), only)),
            None if field.optional => {}
            None => return Err(missing(&field.name, form.is_some())),
        }
    }
    Ok(found)
}

fn value(file: &FormFile) -> Value {
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    let fields = [
        ("name".into(), Value::text(&*file.name)),
        ("type".into(), Value::text(&*file.kind)),
        ("size".into(), Value::Int(size)),
        ("blob".into(), Value::text(file.blob.as_str())),
    ];
    Value::Object(fields.into())
}

fn missing(name: &str, is_form: bool) -> Refusal {
    let message = if is_form {
        format!("the field `{name}` is missing: a part of the form with this name and a file name")
    } else {
        format!("the field `{name}` is missing: a file comes in a form, content-type: multipart/form-data")
    };
    invalid(name, message)
}

fn twice(name: &str) -> Refusal {
    invalid(name, format!("the field `{name}` is there twice"))
}

/// A field of a form that is text; null if it is not there.
pub(super) fn text(form: &Form, field: &RouteField) -> Result<Value, Refusal> {
    let mut of_name = form.texts.iter().filter(|(name, _)| *name == *field.name);
    match (of_name.next(), of_name.next()) {
        (None, _) if form.files.iter().any(|file| file.field == *field.name) => {
            Err(invalid(&field.name, format!("the field `{}` must be a text, not a file", field.name)))
        }
        (None, _) => Ok(Value::Null),
        (Some(_), Some(_)) => Err(twice(&field.name)),
        (Some((_, text)), None) => Ok(match field.ty.base {
            // What no text can be is written as JSON, as OpenAPI has it.
            Base::Object(_) | Base::Map(_) | Base::List(_) => {
                serde_json::from_str(text).unwrap_or_else(|_| converted(text, field))
            }
            _ => converted(text, field),
        }),
    }
}
