//! A token is found in every format that wraps text: archives, packages, images of containers, documents, databases,
//! compiled code; in files and in a history.

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use std::process::Command;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};
use crate::token::github;

fn line(name: &str) -> String {
    format!("TOKEN={}\n", github(name))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn deb(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ar::Builder::new(Vec::new());
    for (name, bytes) in members {
        builder.append(&ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64), *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn cpio(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let end: (&str, &[u8]) = ("TRAILER!!!", b"");
    for (name, bytes) in members.iter().chain([&end]) {
        let (size, length) = (bytes.len(), name.len() + 1);
        out.extend(format!("070701{:08x}{:08x}", 7, 0o100_644).into_bytes());
        out.extend("0".repeat(32).into_bytes());
        out.extend(format!("{size:08x}{}{length:08x}{:08x}", "0".repeat(32), 0).into_bytes());
        out.extend_from_slice(name.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

fn rpm(payload: &[u8]) -> Vec<u8> {
    let header = |entries: u32, bytes: usize| {
        let mut out = b"\x8e\xad\xe8\x01\0\0\0\0".to_vec();
        out.extend(entries.to_be_bytes());
        out.extend((bytes as u32).to_be_bytes());
        out.resize(out.len() + entries as usize * 16 + bytes, 7);
        out
    };
    let mut out = b"\xed\xab\xee\xdb".to_vec();
    out.resize(96, 0);
    out.extend(header(1, 5));
    out.resize((out.len() - 96).next_multiple_of(8) + 96, 0);
    out.extend(header(2, 9));
    [out, gzip(payload)].concat()
}

/// A 7z of one member that is stored as it is.
fn seven_zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let number = |n: usize| {
        assert!(n < 1 << 14);
        vec![0x80 | (n >> 8) as u8, n as u8]
    };
    let mut header = vec![0x01, 0x04, 0x06, 0x00, 0x01, 0x09];
    header.extend(number(bytes.len()));
    header.extend([0x00, 0x07, 0x0b, 0x01, 0x00, 0x01, 0x01, 0x00, 0x0c]);
    header.extend(number(bytes.len()));
    header.extend([0x00, 0x08, 0x00, 0x00, 0x05, 0x01, 0x11]);
    let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    header.extend(number(name.len() + 1));
    header.push(0);
    header.extend(name);
    header.extend([0x00, 0x00]);
    let mut start = (bytes.len() as u64).to_le_bytes().to_vec();
    start.extend((header.len() as u64).to_le_bytes());
    start.extend(crc32fast::hash(&header).to_le_bytes());
    let mut out = b"7z\xbc\xaf\x27\x1c\0\x04".to_vec();
    out.extend(crc32fast::hash(&start).to_le_bytes());
    [out, start, bytes.to_vec(), header].concat()
}

/// A PDF of one page, compressed. Its font has codes of its own, as programs that embed fonts make them.
fn pdf(text: &str) -> Vec<u8> {
    let codes: Vec<(u16, char)> = text.chars().enumerate().map(|(i, c)| (i as u16 + 5, c)).collect();
    let half = codes.len() / 2;
    let shown =
        |codes: &[(u16, char)]| codes.iter().map(|(code, _)| format!("{code:04x}")).collect::<String>();
    let content =
        format!("BT /F1 9 Tf 72 700 Td [<{}> -12 <{}>] TJ ET", shown(&codes[..half]), shown(&codes[half..]));
    let pairs: String = codes.iter().map(|(code, c)| format!("<{code:04x}> <{:04x}>\n", *c as u32)).collect();
    let cmap = format!(
        "begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange {} beginbfchar\n{pairs}endbfchar endcmap",
        codes.len()
    );
    let stream = |text: &str| {
        let packed = zlib(text.as_bytes());
        let head = format!("<< /Filter /FlateDecode /Length {} >>\nstream\n", packed.len());
        [head.as_bytes(), &packed, b"\nendstream"].concat()
    };
    let objects: Vec<Vec<u8>> = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_vec(),
        stream(&content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R >>".to_vec(),
        stream(&cmap),
    ];
    let mut out = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", i + 1).into_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    places.iter().for_each(|at| out.extend(format!("{at:010} 00000 n \n").into_bytes()));
    out.extend(
        format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1)
            .into_bytes(),
    );
    out
}

/// A class of Java with `text` in its pool of constants.
fn class(text: &str) -> Vec<u8> {
    let mut out = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x02\x01".to_vec();
    out.extend((text.len() as u16).to_be_bytes());
    [out, text.as_bytes().to_vec()].concat()
}

/// A document whose every letter stands in an element of its own.
fn runs(open: &str, text: &str, close: &str) -> String {
    text.trim().chars().map(|c| format!("{open}{c}{close}")).collect()
}

fn docx(text: &str) -> Vec<u8> {
    let body = runs("<w:r><w:t>", text, "</w:t></w:r>");
    let document = format!("<w:document><w:body><w:p>{body}</w:p></w:body></w:document>");
    zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document.as_bytes())])
}

fn xlsx(text: &str) -> Vec<u8> {
    let strings = format!("<sst><si><r><t>{}</t></r></si></sst>", text.trim());
    zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/sharedStrings.xml", strings.as_bytes())])
}

fn odt(text: &str) -> Vec<u8> {
    let content = format!("<text:p>{}</text:p>", runs("<text:span>", text, "</text:span>"));
    zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", content.as_bytes())])
}

/// An image as `docker save` writes it.
fn image(text: &str) -> Vec<u8> {
    let layer = gzip(&tar(&[("etc/app.env", text.as_bytes())]));
    tar(&[("manifest.json", b"[{\"Layers\":[\"blobs/sha256/ab\"]}]"), ("blobs/sha256/ab", &layer)])
}

fn python(program: &str, dir: &std::path::Path) {
    let done = Command::new("python3").args(["-c", program]).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A database: a short value beside another text, a long one over several pages, rows on many pages.
fn sqlite(text: &str) -> Vec<u8> {
    let dir = Sandbox::new();
    let token = text.trim().trim_start_matches("TOKEN=");
    python(
        &format!(
            "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('create table t (name text, note text, value text)')\n\
             for i in range(500): c.execute('insert into t values (?, ?, ?)', ('row%d' % i, 'x' * 90, 'y'))\n\
             c.execute('insert into t values (?, ?, ?)', ('beside', 'letters', '{token}'))\nc.commit()"
        ),
        dir.path(),
    );
    std::fs::read(dir.path().join("a.db")).unwrap()
}

fn long_row(text: &str) -> Vec<u8> {
    let dir = Sandbox::new();
    python(
        &format!(
            "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('pragma encoding=\"UTF-16\"')\n\
             c.execute('create table t (name text, value text)')\n\
             c.execute('insert into t values (?, ?)', ('long', 'words ' * 5000 + '{}'))\nc.commit()",
            text.trim()
        ),
        dir.path(),
    );
    std::fs::read(dir.path().join("a.db")).unwrap()
}

fn compiled(text: &str) -> Vec<u8> {
    let dir = Sandbox::new();
    dir.file("m.py", format!("def f():\n    return '{}'\n", text.trim()));
    python("import py_compile; py_compile.compile('m.py', 'm.pyc')", dir.path());
    std::fs::read(dir.path().join("m.pyc")).unwrap()
}

fn notebook(text: &str) -> Vec<u8> {
    let cell =
        serde_json::json!({"cell_type": "code", "source": ["import os\n", text.trim()], "outputs": []});
    serde_json::to_vec(&serde_json::json!({"cells": [cell], "nbformat": 4})).unwrap()
}

/// What puts members, names and contents, into one file.
type Pack = fn(&[(&str, &[u8])]) -> Vec<u8>;

/// Every format: the name of the file, and its bytes for a text.
fn formats() -> Vec<(&'static str, Vec<u8>)> {
    let member = |text: &str| vec![("conf/app.env", text.as_bytes().to_vec())];
    let packed = |pack: Pack, text: &str| {
        let members = member(text);
        let members: Vec<_> = members.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        pack(&members)
    };
    let mut all: Vec<(&'static str, Vec<u8>)> = Vec::new();
    let mut add = |name: &'static str, make: &dyn Fn(&str) -> Vec<u8>| all.push((name, make(&line(name))));
    for name in ["a.zip", "a.jar", "a.whl", "a.apk"] {
        add(name, &|text| packed(zip, text));
    }
    add("a.tar", &|text| packed(tar, text));
    add("a.tar.gz", &|text| gzip(&packed(tar, text)));
    add("a.tar.bz2", &|text| bzip2(&packed(tar, text)));
    add("a.tar.zst", &|text| zstd(&packed(tar, text)));
    add("a.env.gz", &|text| gzip(text.as_bytes()));
    add("a.7z", &|text| seven_zip("conf/app.env", text.as_bytes()));
    add("a.deb", &|text| deb(&[("debian-binary", b"2.0\n"), ("data.tar.gz", &gzip(&packed(tar, text)))]));
    add("a.rpm", &|text| rpm(&packed(cpio, text)));
    add("a.cpio", &|text| packed(cpio, text));
    add("alpine.apk", &|text| {
        // Signature, control and data: archives without an end, appended to each other.
        let open = |members: &[(&str, &[u8])]| {
            let whole = tar(members);
            gzip(&whole[..whole.len() - 1024])
        };
        [open(&[(".SIGN", b"x")]), open(&[(".PKGINFO", b"x")]), gzip(&packed(tar, text))].concat()
    });
    add("nested.zip", &|text| zip(&[("in.tar.gz", &gzip(&tar(&[("x.jar", &packed(zip, text))])))]));
    add("image.tar", &image);
    add("a.docx", &docx);
    add("a.xlsx", &xlsx);
    add("a.odt", &odt);
    add("a.pdf", &|text| pdf(text.trim()));
    add("a.db", &sqlite);
    add("wide.db", &long_row);
    add("a.ipynb", &notebook);
    add("m.pyc", &compiled);
    add("M.class", &|text| class(text.trim()));
    add("program", &|text| [b"\x7fELF\x02\x01\x01\0\0\0\0\0", text.trim().as_bytes(), &[0; 64]].concat());
    all
}

/// The first component of the path of each finding.
fn found(run: &Run) -> BTreeSet<String> {
    let report = run.json();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|f| f["path"].as_str().unwrap().split('!').next().unwrap().to_owned()).collect()
}

#[test]
fn a_token_is_found_in_every_format_on_disk() {
    let dir = Sandbox::new();
    let all = formats();
    all.iter().for_each(|(name, bytes)| drop(dir.file(name, bytes)));
    let run = dir.run(["scan", "--format", "json"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(found(&run), all.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn a_token_is_found_in_every_format_in_a_history() {
    let repo = Repo::with(&[("README", "nothing here\n")]);
    let all = formats();
    all.iter().for_each(|(name, bytes)| drop(repo.file(name, bytes)));
    repo.commit("plants");
    repo.git(&["rm", "-q", "-r", "."]);
    repo.commit("uproots");
    let run = repo.run(&["git", "--format", "json"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(found(&run), all.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn a_password_in_a_table_is_found_by_its_column() {
    let dir = Sandbox::new();
    python(
        "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('create table users (name text, password text)')\n\
         c.execute('insert into users values (?, ?)', ('joe', 'kT9x' + '-vQ2m-77a93'))\nc.commit()",
        dir.path(),
    );
    let run = dir.run(["scan"]);
    assert!(run.stdout.contains("a.db!users:2:11"), "{run:?}");
}
