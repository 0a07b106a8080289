//! How common pairs of bytes are in source code: which part of a literal is rarest there.
//!
//! Bytes fall into classes: letters whatever their case, digits together, each frequent mark by itself, and the rest.
//! Source: 180 MB of Rust, C, Python, shell and Markdown, counted by `bench/pairs`, which prints these tables.

/// The classes that are one character each; digits stand under `0`, tabs under the space.
const MARKS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0_ \n-./:\"'()=,";
/// Number of classes, the last for all other bytes.
const CLASSES: usize = MARKS.len() + 1;
/// How rare each class is: thirds of a bit, counted from this character on.
const ZERO: u8 = b'#';

static CLASS: [u8; 256] = classes();

/// How rare a class is by itself.
static ALONE: &[u8; CLASSES] = b"1634/5761B:35124@1104::89>04*298757:77:50";

/// How rare each class is after the class of the row.
static AFTER: [&[u8; CLASSES]; CLASSES] = [
    b";300973A3F8-0.I2F-.+57495>382?<;B:<A@<I98",
    b"/647-8=E/1>.83/<G25;-DDF0C.6.?;4985:78E55",
    b".749.6F-4H007@*;B06,4?C@:J213<9;=86?::F76",
    b"0992)9<;.C?7=>1;E6394=A;7K1/+685>16;35A44",
    b"2:00529A;E@04.;56,./?6817F62,796?59<46@55",
    b"0998007G+KJ380-<I1454JEF9K05,7:0@6:=74B23",
    b"5>9?*>83+KC5902<H1.63<AF>=70,894747;35?44",
    b"+<?>(=DD.L@<6>.<L5603D?J7F81.898@87=58@86",
    b"4610302HAI>01).5C4.,C5M7M25<9C@?D>CED@LA;",
    b"2<<:&=;B3<9==@.9@?-?0?5B>?513996D9:9;6B74",
    b"4:46(::=.A@9=44;D;157?8D@E4,.775=58;16@42",
    b"/<71*.;?,H<.?;.9H>211<:A3=?209<9:8;>78B85",
    b"+4=4*@@F/M@51?/-H?07.@CF<B921=:968;<8:E97",
    b"0?1.-4.@2G67>708G=.,47:J:B93,979=67949B85",
    b":321<17C4?42.*40K+21/63<EG>40=;<><>B9>F<<",
    b",?97,?>62O6/AA.2B-2--A@H4I613=;9@7==4:C:6",
    b"=>78???F@CD5=<AA=797&?;DDA712=;4A6;<53?2)",
    b".;45);3@.P9741.=K11029>E3I<3.:<7?5::47A75",
    b"4@5?*@62/J868834@;/*2@=G7E:2,7:4838:66@65",
    b"0@65,:C-.ME:;A/6J.343B=94C7/+887>69<57@73",
    b"4.16/35K0LF.1-<1P--+DGM>JE0@8EFCKDDCHEOC?",
    b")@:@'B=E.HF>=;01E>8=>B@6BA046?69=9?<:8D85",
    b"-?<9.?D.+G=9A1.?J-.9BC9@EI:11=:8B0:>0:D:7",
    b"141403E>4JG?83;.HB<-AEE<;;'11<68<5:=75?45",
    b":89>5<9?6GD3522,B70/?<8;B>9-*453;25914=23",
    b"1<;;%<A>1GE62;2@E>9=7@?A7752478:6>6:<:D;4",
    b"555555CD?FC@DBECGBAB;AF.IE&01784=67<83G-/",
    b"02.1/145/>61112/>0-/3559B@03<CODN?EB:>R>:",
    b"3647659:3D?77766E5337:8<AC3>&O8>7=588=4P/",
    b"=>;<7;B@8JIA5>?5P>98:=@AIJ>C%,:F2N:;KAIT.",
    b"341441674?<34652<214788>@9.H/=*>GM?@BD>J)",
    b"15.534330:;44542B2/23765BA.3.,@19I5=G<A?2",
    b"8756:9599>D79::4F556<=;;FA5F*/E=&G<?IBH</",
    b"582665<;7D><6426G206:;;BGC6>)0EG4(<AEGEQ3",
    b"060565754B<86664B524798;@@5>.,97;//=<.E--",
    b"164576685>=74785@50289:;?>85-,98;37580A+,",
    b"130443653@974554B2.36598A@/7@0>@J@064+JJ,",
    b"FEEGJJJLHTQHGJGFQHBJLIMFXRHJ*+B0A38;9-J,(",
    b"=>>?A;E@@MHA@9AAL=;;CADHGI7D$7DBHK59@H-G/",
    b"HIDFGLMOGRPKFCLJJMEJMLPPNR/Q%)HHLSD?O?ZR<",
    b"78568:=<6D>85697E7366<>:ED3?+)<778763694(",
];

const fn classes() -> [u8; 256] {
    let mut classes = [MARKS.len() as u8; 256];
    let mut class = 0;
    while class < MARKS.len() {
        classes[MARKS[class] as usize] = class as u8;
        classes[MARKS[class].to_ascii_uppercase() as usize] = class as u8;
        class += 1;
    }
    let mut digit = b'1';
    while digit <= b'9' {
        classes[digit as usize] = classes[b'0' as usize];
        digit += 1;
    }
    classes[b'\t' as usize] = classes[b' ' as usize];
    classes[b'\r' as usize] = classes[b'\n' as usize];
    classes
}

/// How rare `text` is in source code, ASCII case ignored, in thirds of a bit.
pub(super) fn rarity(text: &[u8]) -> u32 {
    let class = |&byte: &u8| usize::from(CLASS[usize::from(byte)]);
    let first = text.first().map_or(0, |byte| ALONE[class(byte)] - ZERO);
    let rest = text.iter().zip(text.iter().skip(1)).map(|(a, b)| AFTER[class(a)][class(b)] - ZERO);
    u32::from(first) + rest.map(u32::from).sum::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_everywhere_is_less_rare_than_what_is_not() {
        for (common, rare) in
            [("----", "begi"), ("conf", "nflu"), ("tion", "pgtk"), ("    ", "a  z"), ("KEY", "xqz")]
        {
            assert!(rarity(common.as_bytes()) < rarity(rare.as_bytes()), "{common} {rare}");
        }
    }

    #[test]
    fn case_does_not_matter_and_every_byte_has_a_class() {
        for byte in 0..=255u8 {
            let text = [b'a', byte, b'Z'];
            assert_eq!(rarity(&text), rarity(&text.to_ascii_lowercase()));
        }
        assert_eq!(rarity(b""), 0);
    }
}
