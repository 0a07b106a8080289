//! The module of Node: translates, and decides nothing. `index.js` is what programs import, its types are in
//! `index.d.ts`.

mod client;
mod failure;
mod scanner;
