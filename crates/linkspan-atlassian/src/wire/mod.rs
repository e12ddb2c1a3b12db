//! The shapes of upstream's answers, as far as we look inside. Everything is borrowed from the received text.
//!
//! Reading is lenient (hazard S18): an absent member, a null or a value of an unexpected type never fails the object it
//! is in. A [`Member`] remembers which of these it was, so that a converter can flag what it could not use.

pub(crate) mod confluence;
pub(crate) mod jira;
pub(crate) mod scalar;
pub(crate) mod searched;

use serde::de::Deserialize;
use serde_json::value::RawValue;

pub(crate) use scalar::{Day, Flag, Id, Moment, Number, Text};

/// A member of an upstream object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Member<T> {
    /// Not there, or null.
    #[default]
    Absent,
    /// As expected.
    Value(T),
    /// Of a type or form we do not know.
    Odd,
}

impl<T> Member<T> {
    /// The value, where there is one.
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Odd => None,
        }
    }

    /// Goes on inside of the value; what is absent or odd stays so.
    pub(crate) fn and_then<U>(self, inside: impl FnOnce(T) -> Member<U>) -> Member<U> {
        match self {
            Self::Absent => Member::Absent,
            Self::Value(value) => inside(value),
            Self::Odd => Member::Odd,
        }
    }

    /// Whether something is there, known or not.
    pub(crate) fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

impl Member<Text<'_>> {
    /// The text, where there is one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.get().map(Text::as_str)
    }

    /// The text, where there is one and it is not blank.
    pub(crate) fn filled(&self) -> Option<&str> {
        self.text().filter(|text| !text.trim().is_empty())
    }
}

impl Member<Id<'_>> {
    /// The identifier, where there is one and it is not empty.
    pub(crate) fn id(&self) -> Option<&str> {
        self.get().map(Id::as_str).filter(|id| !id.is_empty())
    }
}

impl Member<Flag> {
    /// Whether the flag is there and set.
    pub(crate) fn is_set(&self) -> bool {
        self.get().is_some_and(|flag| flag.0)
    }
}

impl<'de, T: Deserialize<'de> + Shape> Deserialize<'de> for Member<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(read)
    }
}

/// Reads a piece of JSON as `T`, leniently.
pub(crate) fn read<'de, T: Deserialize<'de> + Shape>(raw: &'de RawValue) -> Member<T> {
    match raw.get() {
        "null" => Member::Absent,
        // A derived reader would take a list for the members of an object, in order.
        text if text.starts_with('[') && !T::MAY_BE_LIST => Member::Odd,
        text => serde_json::from_str(text).map_or(Member::Odd, Member::Value),
    }
}

/// Reads a piece of JSON that must be an object. (A derived reader would take an array for a list of members.)
pub(crate) fn read_object<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Result<T, String> {
    if !raw.get().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_str(raw.get()).map_err(|error| format!("not readable: {error}"))
}

/// What can name those of its members that were not as expected.
pub(crate) trait Shape {
    /// Whether a list can be one.
    const MAY_BE_LIST: bool = false;

    /// Adds the names of odd members, with dots for nesting, to `odd`.
    fn list_odd(&self, _odd: &mut Vec<String>) {}
}

/// A member's own part in [`Shape::list_odd`].
pub(crate) trait Listed {
    /// Adds `name` if this member is odd, and what is odd inside it.
    fn list(&self, name: &str, odd: &mut Vec<String>);
}

impl<T: Shape> Listed for Member<T> {
    fn list(&self, name: &str, odd: &mut Vec<String>) {
        match self {
            Self::Absent => {}
            Self::Odd => odd.push(name.to_owned()),
            Self::Value(value) => {
                let mut inside = Vec::new();
                value.list_odd(&mut inside);
                odd.extend(inside.into_iter().map(|path| format!("{name}.{path}")));
            }
        }
    }
}

/// A member that is read in place, without the pass over it that leniency costs: if it is odd, so is the object it is in.
impl<T: Shape> Listed for Option<T> {
    fn list(&self, name: &str, odd: &mut Vec<String>) {
        let mut inside = Vec::new();
        if let Some(value) = self {
            value.list_odd(&mut inside);
        }
        odd.extend(inside.into_iter().map(|path| format!("{name}.{path}")));
    }
}

impl<T> Shape for Vec<T> {
    const MAY_BE_LIST: bool = true;
}

impl Shape for &RawValue {
    const MAY_BE_LIST: bool = true;
}

/// Declares shapes: `"wireName" field: Type,`. Every member may be absent.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($wire:literal $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(default, bound(deserialize = "'de: 'a"))]
        pub(crate) struct $name<'a> {
            $(#[serde(rename = $wire)] pub(crate) $field: $type,)*
        }

        impl $crate::wire::Shape for $name<'_> {
            fn list_odd(&self, odd: &mut Vec<String>) {
                $($crate::wire::Listed::list(&self.$field, $wire, odd);)*
            }
        }
    )*};
}
pub(crate) use shapes;
