//! Writes one forwarding function per function of the API, from the checked-in bindings.

use std::path::{Path, PathBuf};

use quote::quote;
use syn::{Item, Type};

fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libacl_trace_preload.so");
    let bindings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../acl-sys/src/bindings.rs");
    println!("cargo::rerun-if-changed={}", bindings.display());
    let text = std::fs::read_to_string(&bindings).expect("the checked-in bindings are there");
    let file = syn::parse_file(&text).expect("the checked-in bindings are Rust");
    let functions = types(&file.items).filter_map(forward);
    let tokens = quote!(crate::forward! { #(#functions)* });
    let file = syn::parse2(tokens).expect("what is written here is Rust");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join("forward.rs");
    std::fs::write(out, prettyplease::unparse(&file)).expect("cargo's folder can be written to");
}

/// The types of the module `fns`: one alias per function.
fn types(items: &[Item]) -> impl Iterator<Item = &syn::ItemType> {
    let modules = items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "fns" => module.content.as_ref(),
        _ => None,
    });
    let inner = modules.flat_map(|(_, items)| items);
    inner.filter_map(|item| match item {
        Item::Type(alias) => Some(alias),
        _ => None,
    })
}

/// A function that forwards. Those with a variable number of arguments are left to the library
/// behind.
fn forward(alias: &syn::ItemType) -> Option<proc_macro2::TokenStream> {
    let Type::BareFn(function) = &*alias.ty else {
        return None;
    };
    if function.variadic.is_some() {
        return None;
    }
    let name = &alias.ident;
    let output = &function.output;
    let (names, types): (Vec<_>, Vec<_>) = function
        .inputs
        .iter()
        .enumerate()
        .map(|(index, argument)| {
            let given = argument.name.as_ref().map(|(name, _)| name.clone());
            let name = given.unwrap_or_else(|| quote::format_ident!("argument_{index}"));
            (name, &argument.ty)
        })
        .unzip();
    let output = match output {
        syn::ReturnType::Default => quote!(()),
        syn::ReturnType::Type(_, returned) => quote!(#returned),
    };
    Some(quote!(fn #name(#(#names: #types),*) -> #output;))
}
