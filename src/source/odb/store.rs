//! The object database: all packs and loose objects of a repository and its alternates, every object by number.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{Bottom, HashKind, Inflater, Layout, ObjectId, ObjectKind, OdbError, Pack, Remark, loose};

/// Deltas across packs that are followed from one object.
const DEEPEST_THIN: usize = 64;

/// Packs above which a sorted table of all ids is cheaper than asking each pack.
const FEW_PACKS: usize = 3;

/// The object database of one repository.
///
/// Objects have numbers: those of the first pack in the order of their ids, then those of the next pack, then the
/// loose ones. An object that lies in several places has several numbers; [`Odb::find`] answers with the first.
#[derive(Debug)]
pub struct Odb {
    hash: HashKind,
    dirs: Vec<PathBuf>,
    packs: Vec<Pack>,
    /// `first[p]`: the number of the first object of pack `p`; one more for the loose ones, and one for the end.
    first: Vec<u32>,
    /// Loose objects with the index of their folder; sorted by id, then folder.
    loose: Vec<(ObjectId, u16)>,
    /// What each of them is, once it was asked for.
    loose_kinds: OnceLock<Vec<Option<ObjectKind>>>,
    /// Numbers of all objects, sorted by id, then number; empty when there are few packs.
    sorted: Vec<(u64, u32)>,
    /// What could not be read as it should, by file.
    remarks: BTreeMap<PathBuf, Remark>,
}

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In pack `pack`, at `position` of its index.
    Packed {
        /// Index into [`Odb::packs`].
        pack: usize,
        /// Position in the pack's index.
        position: u32,
    },
    /// Loose, in the object folder with this index.
    Loose(ObjectId, u16),
}

impl Odb {
    /// Opens the object database of `layout`. Packs that cannot be opened are left out and remarked on.
    ///
    /// # Errors
    /// When an object folder cannot be listed, or there are too many objects to number.
    pub fn open(layout: &Layout) -> Result<Self, OdbError> {
        let mut odb = Self {
            hash: layout.hash,
            dirs: layout.object_dirs.clone(),
            packs: Vec::new(),
            first: Vec::new(),
            loose: Vec::new(),
            loose_kinds: OnceLock::new(),
            sorted: Vec::new(),
            remarks: BTreeMap::new(),
        };
        // Loose objects are listed first: git removes them only after the pack that holds them is in place.
        for (i, dir) in odb.dirs.iter().enumerate() {
            if !dir.is_dir() {
                let text = "no such object folder".to_owned();
                odb.remarks.insert(dir.clone(), Remark { text, is_lossy: true });
                continue;
            }
            odb.loose.extend(loose::list(dir, odb.hash)?.into_iter().map(|id| (id, i as u16)));
        }
        for path in odb.dirs.iter().map(|d| pack_files(d)).collect::<Result<Vec<_>, _>>()?.concat() {
            match Pack::open(&path, odb.hash) {
                Ok((pack, remark)) => {
                    odb.packs.push(pack);
                    odb.remarks.extend(remark.map(|r| (path, r)));
                }
                // Another process may have replaced it by a new pack since the folder was listed.
                Err(OdbError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(e) => {
                    odb.remarks.insert(path, Remark { text: e.to_string(), is_lossy: true });
                }
            }
        }
        odb.number()?;
        Ok(odb)
    }

    /// The object database that `pack` alone makes up.
    ///
    /// # Errors
    /// When there are too many objects to number.
    pub fn of_pack(pack: Pack, remark: Option<Remark>) -> Result<Self, OdbError> {
        let path = pack.path().to_owned();
        let mut odb = Self {
            hash: pack.index().hash(),
            dirs: Vec::new(),
            packs: vec![pack],
            first: Vec::new(),
            loose: Vec::new(),
            loose_kinds: OnceLock::new(),
            sorted: Vec::new(),
            remarks: remark.map(|r| (path, r)).into_iter().collect(),
        };
        odb.number()?;
        Ok(odb)
    }

    fn number(&mut self) -> Result<(), OdbError> {
        self.loose.sort_unstable();
        // Large packs first: most objects are found at the first try.
        self.packs.sort_by_key(|p| std::cmp::Reverse(p.index().count()));
        let mut next = 0u64;
        for count in
            self.packs.iter().map(|p| u64::from(p.index().count())).chain([self.loose.len() as u64, 0])
        {
            let number = u32::try_from(next).ok().filter(|&n| n < u32::MAX);
            let path = || self.dirs.first().cloned().unwrap_or_default();
            self.first.push(
                number.ok_or_else(|| OdbError::damaged(&path(), "more than 4 thousand million objects"))?,
            );
            next += count;
        }
        if self.packs.len() > FEW_PACKS {
            let mut sorted: Vec<_> = (0..self.len()).map(|n| (prefix(self.id_bytes(n)), n)).collect();
            sorted.sort_unstable();
            self.sorted = sorted;
        }
        Ok(())
    }

    /// Number of places that hold an object; numbers are below it.
    pub fn len(&self) -> u32 {
        self.first.last().copied().unwrap_or(0)
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How objects are named.
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// The packs, the one with most objects first.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The number of the object at `position` of pack `pack`.
    #[inline]
    pub fn number_in(&self, pack: usize, position: u32) -> u32 {
        self.first[pack] + position
    }

    /// The numbers of the loose objects.
    pub fn loose_numbers(&self) -> std::ops::Range<u32> {
        self.first[self.packs.len()]..self.len()
    }

    /// What could not be read as it should, by file.
    pub fn remarks(&self) -> &BTreeMap<PathBuf, Remark> {
        &self.remarks
    }

    /// Where object `number` lies.
    #[inline]
    pub fn location(&self, number: u32) -> Location {
        let pack = self.first.partition_point(|&f| f <= number) - 1;
        // Empty packs share their first number with the next pack, which is the one that is meant.
        let position = number - self.first[pack];
        if pack < self.packs.len() {
            Location::Packed { pack, position }
        } else {
            let (id, dir) = self.loose[position as usize];
            Location::Loose(id, dir)
        }
    }

    /// The id of object `number`.
    pub fn id(&self, number: u32) -> ObjectId {
        ObjectId::new(self.id_bytes(number)).expect("indexes hold ids of 20 or 32 bytes")
    }

    /// The id of object `number`: 20 or 32 bytes.
    #[inline]
    pub fn id_bytes(&self, number: u32) -> &[u8] {
        if number < self.first[1] && !self.packs.is_empty() {
            return self.packs[0].index().id(number);
        }
        match self.location(number) {
            Location::Packed { pack, position } => self.packs[pack].index().id(position),
            Location::Loose(..) => {
                let at = number - self.first[self.packs.len()];
                self.loose[at as usize].0.as_bytes()
            }
        }
    }

    /// The number of the object called `id` (20 or 32 bytes).
    #[inline]
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        if self.sorted.is_empty() {
            for (p, pack) in self.packs.iter().enumerate() {
                if let Some(position) = pack.index().find(id) {
                    return Some(self.number_in(p, position));
                }
            }
            let at = self.loose.partition_point(|(l, _)| l.as_bytes() < id);
            let found = self.loose.get(at).is_some_and(|(l, _)| l.as_bytes() == id);
            return found.then(|| self.first[self.packs.len()] + at as u32);
        }
        let key = prefix(id);
        let from = self.sorted.partition_point(|&(p, _)| p < key);
        let same = self.sorted[from..].iter().take_while(|&&(p, _)| p == key);
        same.map(|&(_, n)| n).find(|&n| self.id_bytes(n) == id)
    }

    /// Tells `found` what [`Odb::find`] says of each of `count` ids.
    pub fn find_each<'i>(
        &self,
        count: usize,
        id: impl Fn(usize) -> &'i [u8],
        found: &mut impl FnMut(usize, Option<u32>),
    ) {
        match self.packs.first().filter(|_| self.sorted.is_empty()) {
            Some(pack) => pack.index().find_each(count, &id, &mut |i, position| {
                found(i, position.map_or_else(|| self.find(id(i)), |p| Some(self.number_in(0, p))));
            }),
            None => (0..count).for_each(|i| found(i, self.find(id(i)))),
        }
    }

    /// Whether `number` is the one that [`Odb::find`] answers with, and not a further copy of the object.
    pub fn is_first(&self, number: u32) -> bool {
        (number < self.first[1] && !self.packs.is_empty()) || self.find(self.id_bytes(number)) == Some(number)
    }

    /// Reads the object called `id` into `out`, from whichever place holds it undamaged.
    ///
    /// # Errors
    /// [`OdbError::Missing`] when no place holds it, else why the last place that does cannot be read.
    pub fn read(
        &self,
        id: &ObjectId,
        inflater: &mut Inflater,
        out: &mut Vec<u8>,
    ) -> Result<ObjectKind, OdbError> {
        self.read_thin(id, inflater, out, 0)
    }

    fn read_thin(
        &self,
        id: &ObjectId,
        inflater: &mut Inflater,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<ObjectKind, OdbError> {
        if depth > DEEPEST_THIN {
            return Err(OdbError::Endless);
        }
        let mut failure = OdbError::Missing(*id);
        for pack in &self.packs {
            let Some(position) = pack.index().find(id.as_bytes()) else { continue };
            match self.read_packed(pack, position, inflater, out, depth) {
                Ok(kind) => return Ok(kind),
                Err(e) => failure = e,
            }
        }
        for dir in &self.dirs {
            match loose::read(dir, id, inflater, out) {
                Ok(Some(kind)) => return Ok(kind),
                Ok(None) => {}
                Err(e) => failure = e,
            }
        }
        Err(failure)
    }

    fn read_packed(
        &self,
        pack: &Pack,
        position: u32,
        inflater: &mut Inflater,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<ObjectKind, OdbError> {
        let offset = pack.index().offset(position).ok_or(OdbError::Entry("its offset is damaged"))?;
        let chain = pack.chain(offset)?;
        let kind = match chain.bottom {
            Bottom::Whole(kind) => kind,
            Bottom::Elsewhere(base) => self.read_thin(&base, inflater, out, depth + 1)?,
        };
        pack.inflate(&chain, inflater, out)?;
        Ok(kind)
    }

    /// Reads object `number` into `out` from the very place that has this number.
    ///
    /// # Errors
    /// Why that place cannot be read.
    pub fn read_number(
        &self,
        number: u32,
        inflater: &mut Inflater,
        out: &mut Vec<u8>,
    ) -> Result<ObjectKind, OdbError> {
        match self.location(number) {
            Location::Packed { pack, position } => {
                self.read_packed(&self.packs[pack], position, inflater, out, 0)
            }
            Location::Loose(id, dir) => {
                let dir = &self.dirs[usize::from(dir)];
                loose::read(dir, &id, inflater, out)?.ok_or(OdbError::Missing(id))
            }
        }
    }

    /// The kind of the object `number` where it is loose and its head can be read. The heads of all are read once.
    pub(super) fn loose_kind(&self, number: u32) -> Option<ObjectKind> {
        let kind = |(id, dir): &(ObjectId, u16)| loose::kind(&self.dirs[usize::from(*dir)], id);
        let kinds = self.loose_kinds.get_or_init(|| self.loose.par_iter().map(kind).collect());
        kinds.get(number.checked_sub(self.loose_numbers().start)? as usize).copied().flatten()
    }
}

/// The first 8 bytes of an id, as a number that orders as the bytes do.
fn prefix(id: &[u8]) -> u64 {
    u64::from_be_bytes([id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]])
}

/// The packs in the object folder `dir`, sorted by name.
fn pack_files(dir: &Path) -> Result<Vec<PathBuf>, OdbError> {
    let dir = dir.join("pack");
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(OdbError::file(&dir, e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| OdbError::file(&dir, e))?.path();
        let is_pack = path.extension() == Some(OsStr::new("pack"));
        let is_final = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("pack-"));
        if is_pack && is_final {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
