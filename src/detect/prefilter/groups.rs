//! Sorts the keys of literals into groups of lookup tables, so that little text passes that holds no key.
//!
//! A group passes every text whose bytes have their lower halves among those of its keys' bytes, and their upper
//! halves likewise, place by place. So keys that share halves are put together: the two groups whose union costs
//! least are joined until few enough are left. On 62 literals and real source this lets through half of what
//! cutting a sorted list does.

use super::grams::frequency;

/// Bytes of a literal that are looked at.
pub(super) const WIDTH: usize = 4;
/// Number of groups.
pub(super) const GROUPS: usize = 32;

/// The halves that a byte at some place may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Halves {
    /// Bit `h`: the lower half may be `h`.
    pub(super) low: u16,
    /// Bit `h`: the upper half may be `h`.
    pub(super) high: u16,
}

/// The bytes that may stand at some place: bit `b % 64` of number `b / 64` for each.
pub(super) type Bytes = [u64; 4];

/// What may stand at some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Exactly.
    pub(super) bytes: Bytes,
    /// As far as halves tell: at least that.
    pub(super) halves: Halves,
}

/// What a group lets through.
pub(super) type Group = [Place; WIDTH];

impl Place {
    const ANY: Self = Self { bytes: [u64::MAX; 4], halves: Halves::ANY };

    /// `byte` in upper and lower case.
    fn of(byte: u8) -> Self {
        let mut bytes = [0; 4];
        for byte in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
            bytes[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        Self { bytes, halves: Halves::of(byte) }
    }

    fn or(self, other: Self) -> Self {
        let bytes = std::array::from_fn(|i| self.bytes[i] | other.bytes[i]);
        Self { bytes, halves: self.halves.or(other.halves) }
    }

    /// Whether anything may stand there.
    pub(super) fn is_any(&self) -> bool {
        self.bytes == [u64::MAX; 4]
    }

    /// Whether `byte` may stand there.
    pub(super) const fn holds(&self, byte: u8) -> bool {
        self.bytes[(byte / 64) as usize] >> (byte % 64) & 1 == 1
    }
}

impl Halves {
    const ANY: Self = Self { low: u16::MAX, high: u16::MAX };

    /// The halves of `byte` in upper and lower case.
    fn of(byte: u8) -> Self {
        let (lower, upper) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
        Self { low: 1 << (lower & 15) | 1 << (upper & 15), high: 1 << (lower >> 4) | 1 << (upper >> 4) }
    }

    const fn or(self, other: Self) -> Self {
        Self { low: self.low | other.low, high: self.high | other.high }
    }

    /// The share of the bytes of source code (ASCII) that have such halves.
    fn share(self) -> f32 {
        let (mut share, mut high) = (0.0, self.high & 0xff);
        while high != 0 {
            let [lower, upper] = &SHARES[high.trailing_zeros() as usize];
            share += lower[usize::from(self.low & 0xff)] + upper[usize::from(self.low >> 8)];
            high &= high - 1;
        }
        share
    }
}

/// By upper half and by eight lower halves, of which bit `h` says that half `h` (or `8 + h`) is one: their share.
static SHARES: [[[f32; 256]; 2]; 8] = shares();

const fn shares() -> [[[f32; 256]; 2]; 8] {
    let mut shares = [[[0.0; 256]; 2]; 8];
    let mut byte = 0;
    while byte < 128u8 {
        let (place, bit) = (&mut shares[(byte >> 4) as usize][(byte >> 3 & 1) as usize], byte & 7);
        let mut mask = 0;
        while mask < 256 {
            if mask >> bit & 1 == 1 {
                place[mask] += frequency(byte);
            }
            mask += 1;
        }
        byte += 1;
    }
    shares
}

/// Groups that let through every text that begins with one of `keys`, ASCII case ignored; of a key shorter than
/// [`WIDTH`], with anything after it.
pub(super) fn groups<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for key in keys {
        let group = single(key);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut shares: Vec<Shares> = groups.iter().map(Shares::of).collect();
    // The cheapest partner of each group among those before it, and what the union costs.
    let mut partners: Vec<(f32, usize)> = (0..groups.len()).map(|i| partner(i, &groups, &shares)).collect();
    while groups.len() > GROUPS {
        let cheapest = (1..groups.len()).min_by(|&a, &b| partners[a].0.total_cmp(&partners[b].0));
        let Some(taken) = cheapest else { break };
        let kept = partners[taken].1;
        groups[kept] = union(&groups[kept], &groups[taken]);
        shares[kept] = Shares::of(&groups[kept]);
        groups.swap_remove(taken);
        shares.swap_remove(taken);
        partners.truncate(groups.len());
        let moved = groups.len();
        for (i, pair) in partners.iter_mut().enumerate() {
            if [kept, taken].contains(&i) || [kept, taken, moved].contains(&pair.1) {
                *pair = partner(i, &groups, &shares);
            } else if kept < i {
                *pair = cheaper(*pair, i, kept, &groups, &shares);
            }
        }
    }
    groups
}

/// The same, made in no time and letting more through: keys that begin alike share a group.
pub(super) fn sorted<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Vec<Group> {
    let mut keys: Vec<Vec<u8>> = keys.into_iter().map(<[u8]>::to_ascii_lowercase).collect();
    keys.sort_unstable();
    keys.dedup();
    let share = keys.len().div_ceil(GROUPS).max(1);
    let group = |keys: &[Vec<u8>]| keys.iter().map(|key| single(key)).reduce(|a, b| union(&a, &b));
    keys.chunks(share).filter_map(group).collect()
}

/// What lets through the texts that begin with `key` alone.
fn single(key: &[u8]) -> Group {
    std::array::from_fn(|i| key.get(i).map_or(Place::ANY, |&b| Place::of(b)))
}

fn partner(i: usize, groups: &[Group], shares: &[Shares]) -> (f32, usize) {
    (0..i).fold((f32::INFINITY, 0), |best, j| cheaper(best, i, j, groups, shares))
}

/// The cheaper of `best`, a partner of group `i` and what their union costs, and group `j`.
fn cheaper(best: (f32, usize), i: usize, j: usize, groups: &[Group], shares: &[Shares]) -> (f32, usize) {
    let apart = shares[i].all + shares[j].all;
    // A union lets through at each place what either does, and that is soon told.
    let places = shares[i].places.iter().zip(&shares[j].places).map(|(a, b)| a.max(*b));
    if places.product::<f32>() - apart >= best.0 {
        return best;
    }
    let cost = Shares::of(&union(&groups[i], &groups[j])).all - apart;
    if cost < best.0 { (cost, j) } else { best }
}

fn union(a: &Group, b: &Group) -> Group {
    std::array::from_fn(|i| a[i].or(b[i]))
}

/// The share of source code that a group lets through.
#[derive(Debug, Clone, Copy)]
struct Shares {
    /// By place.
    places: [f32; WIDTH],
    /// At all places.
    all: f32,
}

impl Shares {
    fn of(group: &Group) -> Self {
        let places = group.map(|place| place.halves.share());
        Self { places, all: places.iter().product() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(group: &Group, text: &[u8]) -> bool {
        let halves = |h: Halves, b: u8| h.low >> (b & 15) & 1 == 1 && h.high >> (b >> 4) & 1 == 1;
        let exact = group.iter().zip(text).all(|(place, b)| place.holds(*b));
        let rough = group.iter().zip(text).all(|(place, b)| halves(place.halves, *b));
        assert!(rough || !exact, "halves let through at least what the bytes do");
        exact
    }

    #[test]
    fn every_key_passes_in_any_case_and_few_groups_are_left() {
        let keys: Vec<String> = (0..90).map(|i| format!("k{}{}", i % 7, "xyzabc".repeat(i % 3))).collect();
        let groups = groups(keys.iter().map(|k| k.as_bytes()));
        assert!(groups.len() <= GROUPS);
        for key in &keys {
            for text in [key.to_uppercase() + "....", key.clone() + "\0\0\0"] {
                assert!(groups.iter().any(|g| passes(g, text.as_bytes())), "{key}");
            }
        }
    }

    #[test]
    fn keys_that_are_alike_share_a_group() {
        let keys = (0..40).map(|i| if i % 2 == 0 { format!("pas{}", i % 10) } else { format!("{:04}", i) });
        let keys: Vec<String> = keys.collect();
        let groups = groups(keys.iter().map(|k| k.as_bytes()));
        assert!(!groups.iter().any(|g| passes(g, b"0as1") || passes(g, b"p001")));
    }
}
