//! Views of a blob in other encodings (UTF-16, Latin-1; more layers in time). Pure; a view maps its offsets back.
