//! How an input is made of others.

/// SplitMix64: fast, and the same on all machines.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; 0 when there is nothing below.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// Small more often than large, below two to the power of `bits`.
    fn small(&mut self, bits: usize) -> usize {
        let bits = self.below(bits);
        self.below(1 << bits)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Pieces that parsers, canonicalisers and verifiers trip over.
const PIECES: &[&str] = &[
    "<!-- -->",
    "<!---->",
    "<?a b?>",
    "<![CDATA[x]]>",
    "<![CDATA[]]>",
    "<!DOCTYPE r [<!ENTITY a \"b\">]>",
    "&a;",
    "&amp;",
    "&#0;",
    "&#x10ffff;",
    "&lt;",
    "<a/>",
    "</a>",
    "<a>",
    ">",
    "<",
    "\"",
    "'",
    "=",
    " ",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    " xmlns=\"urn:e\"",
    " xmlns:saml=\"urn:e\"",
    " xmlns:ds=\"urn:e\"",
    " xmlns:e=\"1\"",
    " xml:id=\"e\"",
    " ID=\"e\"",
    " Id=\"e\"",
    "<saml:Assertion ID=\"e\"/>",
    "<saml:NameID>eve@acme.test</saml:NameID>",
    "<ds:DigestValue>AAAA</ds:DigestValue>",
    "<ds:Object/>",
    "eve@acme.test",
    "%00",
    "%3C",
    "+",
];

/// One to eight mutations of one of the seeds.
pub(super) fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(seeds).clone();
    // Few mutations most of the time: many leave nothing that a parser would read.
    let times = 1 + random.small(4);
    for _ in 0..times {
        once(&mut input, seeds, random);
    }
    input
}

fn once(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let stretch = |input: &[u8], random: &mut Random| {
        let from = random.below(input.len() + 1);
        let to = (from + 1 + random.small(11)).min(input.len());
        from..to
    };
    match random.below(8) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => drop(input.splice(at..at, random.pick(PIECES).bytes())),
        2 => {
            let range = stretch(input, random);
            drop(input.drain(range));
        }
        3 => {
            // Something said twice, or elsewhere.
            let range = stretch(input, random);
            let copy = input[range].to_vec();
            drop(input.splice(at..at, copy));
        }
        4 => {
            let range = stretch(input, random);
            let copy: Vec<u8> = input.drain(range).collect();
            let at = random.below(input.len() + 1);
            drop(input.splice(at..at, copy));
        }
        5 => {
            // A stretch of another message.
            let other = random.pick(seeds);
            let range = stretch(other, random);
            drop(input.splice(at..at, other[range].iter().copied()));
        }
        6 => element(input, seeds, random),
        _ => {
            let range = stretch(input, random);
            drop(input.splice(range, random.pick(PIECES).bytes()));
        }
    }
}

/// Puts a whole element, or what looks like one, of this or another message between two tags.
fn element(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let source = if random.below(2) == 0 { input.clone() } else { random.pick(seeds).clone() };
    let starts = |bytes: &[u8]| -> Vec<usize> {
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<').map(|(at, _)| at).collect()
    };
    let (cuts, places) = (starts(&source), starts(input));
    if cuts.is_empty() || places.is_empty() {
        return;
    }
    let first = random.below(cuts.len());
    let last = (first + 1 + random.below(24)).min(cuts.len() - 1);
    let at = *random.pick(&places);
    drop(input.splice(at..at, source[cuts[first]..cuts[last]].iter().copied()));
}
