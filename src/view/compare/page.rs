//! The report as a page: one file that needs nothing from elsewhere.

use crate::compare::Report;

/// The page's frame; the report is put into it as data.
const FRAME: &str = include_str!("page.html");

/// The page whose browser is the client of all styles.
pub const WEB: &str = include_str!("web.html");

/// The page of a report.
#[must_use]
pub fn page(report: &Report) -> String {
    let data = serde_json::to_string(report).unwrap_or_else(|_| "null".to_owned());
    // In a script a `<` could end it; as an escape it means the same to JSON.
    FRAME.replace("/*REPORT*/null", &data.replace('<', "\\u003c"))
}
