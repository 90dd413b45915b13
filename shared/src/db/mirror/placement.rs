use std::sync::OnceLock;

use ring::digest::{Digest, SHA256, digest};
use uuid::Uuid;

/// The number of buckets, also in `is_of_shard`. With ten databases, each has 205 on average, so their shares differ
/// little.
const BUCKETS: u16 = 2048;

/// The assignment of rooms to the mirror's databases.
///
/// A room belongs to the bucket of the last 11 bits of its id, which are random. A bucket is assigned by rendezvous
/// hashing: of its names in all databases, `{database_url}/{bucket}`, the one with the greatest SHA-256 decides. A new
/// database takes its share of buckets from all others, and no other bucket moves.
#[derive(Debug)]
pub struct Placement {
    urls: Vec<String>,
    /// By database: a bit per bucket, in the order of PostgreSQL's `get_bit(bytea, bigint)`.
    bitmaps: OnceLock<Vec<Vec<u8>>>,
}

impl Placement {
    #[must_use]
    pub fn new(urls: Vec<String>) -> Self {
        Self {
            urls,
            bitmaps: OnceLock::new(),
        }
    }

    /// Returns the position of a room's database.
    #[must_use]
    pub fn of(&self, room_id: Uuid) -> usize {
        let [.., high, low] = *room_id.as_bytes();
        self.of_bucket(u16::from_be_bytes([high, low]) % BUCKETS)
    }

    fn of_bucket(&self, bucket: u16) -> usize {
        if self.urls.len() < 2 {
            return 0;
        }
        let hashes = self.urls.iter().map(|url| hash(url, bucket)).enumerate();
        let greatest = hashes.max_by(|(_, one), (_, other)| one.as_ref().cmp(other.as_ref()));
        greatest.map_or(0, |(index, _)| index)
    }

    /// Returns the buckets of a database as a bitmap; `None` if there is no other database. The first call hashes all
    /// buckets, so only the sweep calls it.
    #[must_use]
    pub fn buckets(&self, index: usize) -> Option<&[u8]> {
        if self.urls.len() < 2 {
            return None;
        }
        let bitmaps = self.bitmaps.get_or_init(|| self.bitmaps());
        bitmaps.get(index).map(Vec::as_slice)
    }

    fn bitmaps(&self) -> Vec<Vec<u8>> {
        let mut bitmaps = vec![vec![0; usize::from(BUCKETS / 8)]; self.urls.len()];
        for bucket in 0..BUCKETS {
            bitmaps[self.of_bucket(bucket)][usize::from(bucket / 8)] |= 1 << (bucket % 8);
        }
        bitmaps
    }
}

fn hash(database_url: &str, bucket: u16) -> Digest {
    digest(&SHA256, format!("{database_url}/{bucket}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(count: usize) -> Vec<String> {
        (1..=count)
            .map(|number| format!("https://relais-{number}.europe-west1.firebasedatabase.app"))
            .collect()
    }

    #[test]
    fn each_of_ten_databases_has_a_tenth_of_the_buckets_give_or_take_a_quarter() {
        for count in 2..=10 {
            let placement = Placement::new(urls(count));
            let mut buckets = vec![0_usize; count];
            for bucket in 0..BUCKETS {
                buckets[placement.of_bucket(bucket)] += 1;
            }
            let mean = usize::from(BUCKETS) / count;
            let near = mean - mean / 4..=mean + mean / 4;
            assert!(buckets.iter().all(|it| near.contains(it)), "{buckets:?}");
        }
    }

    #[test]
    fn a_further_database_takes_buckets_and_moves_no_other() {
        for count in 2..=10 {
            let before = Placement::new(urls(count - 1));
            let after = Placement::new(urls(count));
            for bucket in 0..BUCKETS {
                let index = after.of_bucket(bucket);
                assert!(index == count - 1 || index == before.of_bucket(bucket));
            }
        }
    }

    #[test]
    fn the_order_of_the_databases_does_not_matter() {
        let placement = Placement::new(urls(3));
        let reversed = Placement::new(urls(3).into_iter().rev().collect());
        for bucket in 0..BUCKETS {
            assert_eq!(placement.of_bucket(bucket), 2 - reversed.of_bucket(bucket));
        }
    }

    #[test]
    fn only_the_last_11_bits_of_an_id_decide() {
        let placement = Placement::new(urls(3));
        for bucket in 0..BUCKETS {
            for others in [0, u128::MAX << 11, 0x0190_d5a0_7c00_7000_8000 << 48] {
                let room = Uuid::from_u128(others | u128::from(bucket));
                assert_eq!(placement.of(room), placement.of_bucket(bucket));
            }
        }
    }

    #[test]
    fn a_single_database_needs_no_bitmap() {
        for urls in [Vec::new(), urls(1)] {
            let placement = Placement::new(urls);
            assert_eq!(placement.of(Uuid::max()), 0);
            assert_eq!(placement.buckets(0), None);
        }
    }
}
