//! Containers made to do harm: bombs, false sizes, ways out, loops. Each ends soon, and what was not scanned is named.

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use zip::write::SimpleFileOptions;

use crate::sandbox::{Run, Sandbox};
use crate::token::github;

fn zip(members: &[(String, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A scan of `bytes` as `name`; it must end.
#[track_caller]
fn scan(name: &str, bytes: &[u8]) -> Run {
    let dir = Sandbox::new();
    dir.file(name, bytes);
    dir.run(["scan"])
}

/// Nothing was found, and `name` was named as not scanned, for a reason that holds `why`.
#[track_caller]
fn is_named(run: &Run, name: &str, why: &str) {
    let said = format!("{}{}", run.stdout, run.stderr);
    let line = said.lines().find(|line| line.contains("not scanned:") && line.contains(name));
    assert!(line.is_some_and(|line| line.contains(why)), "{said}");
    assert_eq!(run.code, Some(2), "{said}");
}

/// The well-known bomb: zips of sixteen zips, five deep, of a file of zeros.
#[test]
fn a_bomb_of_zips_in_zips_is_a_gap() {
    let mut layer = zip(&[("0.dll".to_owned(), &vec![0; 4 << 20][..])]);
    for _ in 0..5 {
        let members: Vec<_> = (0..16).map(|i| (format!("lib {i}.zip"), layer.as_slice())).collect();
        layer = zip(&members);
    }
    is_named(&scan("42.zip", &layer), "42.zip", "unpacks to more than");
}

#[test]
fn a_member_that_says_it_has_ten_gigabytes_is_a_gap() {
    let mut header = tar::Header::new_gnu();
    header.set_path("huge.txt").unwrap();
    header.set_mode(0o644);
    header.set_size(10_000_000_000);
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), b"a few bytes only"].concat();
    is_named(&scan("huge.tar", &bytes), "huge.tar", "");
}

#[test]
fn a_zip_that_lies_about_sizes_holds_no_more_memory_than_it_unpacks() {
    let mut bytes = zip(&[("a.txt".to_owned(), &b"words"[..])]);
    for mark in [(&b"PK\x03\x04"[..], 22), (b"PK\x01\x02", 24)] {
        let at = bytes.windows(4).position(|w| w == mark.0).unwrap();
        bytes[at + mark.1..at + mark.1 + 4].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    }
    let run = scan("lies.zip", &bytes);
    assert!(matches!(run.code, Some(0 | 2)), "{run:?}");
}

#[test]
fn members_that_lead_out_lead_nowhere() {
    let dir = Sandbox::new();
    let outside = dir.file("outside/secret.env", format!("TOKEN={}\n", github("outside")));
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, "link.env", &outside).unwrap();
    }
    dir.file("in/a.tar", builder.into_inner().unwrap());
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link.env", outside.to_str().unwrap(), SimpleFileOptions::default()).unwrap();
    dir.file("in/a.zip", writer.finish().unwrap().into_inner());
    let run = dir.run(["scan", "in"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

/// A PDF made of `objects`, without a table: a reader must look for them.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    for (i, object) in objects.iter().enumerate() {
        out.extend(format!("{} 0 obj\n", i + 1).into_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    out.extend_from_slice(b"trailer << /Root 1 0 R >>\n%%EOF\n");
    out
}

fn stream(dict: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<< {dict} /Length {} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

#[test]
fn a_pdf_whose_parts_lead_back_to_themselves_ends() {
    let page = "/Type /Page /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >>";
    let token = format!("BT (TOKEN={}) Tj ET /X Do /X Do", github("loop"));
    let run = scan(
        "loops.pdf",
        &pdf(&[
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 /Parent 2 0 R >>".to_vec(),
            format!("<< {page} /Parent 2 0 R >>").into_bytes(),
            stream("", token.as_bytes()),
            stream(
                "/Type /XObject /Subtype /Form /Resources << /XObject << /X 5 0 R >> >>",
                b"/X Do /X Do /X Do",
            ),
        ]),
    );
    assert!(run.stdout.contains("loops.pdf!page 1:1:7"), "{run:?}");
}

#[test]
fn a_pdf_that_unpacks_to_far_more_is_a_gap() {
    let bomb = zlib(&vec![b' '; 200 << 20]);
    let run = scan(
        "bomb.pdf",
        &pdf(&[
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>".to_vec(),
            stream("/Filter /FlateDecode", &bomb),
        ]),
    );
    is_named(&run, "bomb.pdf", "unpacks to more than");
}

#[test]
fn a_document_that_needs_a_password_is_named() {
    let run = scan(
        "closed.pdf",
        &[
            &pdf(&[
                b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
                b"<< /Type /Pages /Kids [] /Count 0 >>".to_vec(),
                b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <00> /U <00> >>".to_vec(),
            ])[..],
            b"trailer << /Root 1 0 R /Encrypt 3 0 R /ID [<00> <00>] >>\n%%EOF\n",
        ]
        .concat(),
    );
    is_named(&run, "closed.pdf", "");
}

#[test]
fn a_database_whose_pages_lead_in_circles_ends() {
    let mut page = vec![0u8; 1024];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..18].copy_from_slice(&512u16.to_be_bytes());
    page[59] = 1;
    // An inner page whose only child is itself.
    page[100] = 0x05;
    page[108..112].copy_from_slice(&1u32.to_be_bytes());
    let run = scan("circle.db", &page);
    assert!(matches!(run.code, Some(0 | 2)), "{run:?}");
}

#[test]
fn megabytes_of_random_bytes_in_base64_are_passed_over() {
    let mut state = 1u64;
    let text: String = (0..6 << 20)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 58) as usize],
            )
        })
        .collect();
    let token = format!("{text}\nTOKEN={}\n", github("behind noise"));
    let run = scan("noise.txt", token.as_bytes());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.contains("noise.txt:2:7"), "{}", &run.stdout[..run.stdout.len().min(2000)]);
}
