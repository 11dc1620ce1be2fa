use std::time::Duration;

use super::*;

fn limits(connections: usize, per_address: usize) -> Limits {
    let second = Duration::from_secs(1);
    Limits { connections, connections_per_address: per_address, header: second, idle: second, stall: second }
}

fn connections(most: usize, per_address: usize) -> Connections {
    Connections::new("test", limits(most, per_address), Counts::default())
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn is_closing(connection: &Connection) -> bool {
    connection.closing.is_cancelled()
}

#[tokio::test(start_paused = true)]
async fn strangers_make_room_for_others_and_never_the_other_way_round() {
    let connections = connections(4, 4);
    let mut held = Vec::new();
    for at in 0..4 {
        held.push(connections.admit(address(at)).unwrap());
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    // One idles, one works, both with a credential; the others have shown none.
    assert!(held[0].belongs_to(Some("acme")) && held[1].belongs_to(Some("acme")));
    let _working = held[1].begin();
    held.push(connections.admit(address(4)).unwrap());
    assert_eq!(held.iter().map(|one| is_closing(one)).collect::<Vec<_>>(), [false, false, true, false, false]);
    held.push(connections.admit(address(5)).unwrap());
    held.push(connections.admit(address(6)).unwrap());
    let closing = [false, false, true, true, true, false, false];
    assert_eq!(held.iter().map(|one| is_closing(one)).collect::<Vec<_>>(), closing, "the longest waiting first");
    // With nobody but known ones, an idle one goes, and none that works.
    assert!(held[5].belongs_to(Some("globex")) && held[6].belongs_to(Some("globex")));
    let _more = (held[5].begin(), held[6].begin());
    held.push(connections.admit(address(7)).unwrap());
    assert!(is_closing(&held[0]));
    assert!(held[7].belongs_to(None), "the platform");
    let _all = held[7].begin();
    assert!(connections.admit(address(8)).is_none());
    held.truncate(7);
    assert!(connections.admit(address(8)).is_some(), "one has gone");
}

#[tokio::test]
async fn an_address_has_a_part_of_the_room() {
    let connections = connections(8, 2);
    let mut held: Vec<_> = (0..2).map(|_| connections.admit(address(1)).unwrap()).collect();
    held.push(connections.admit(address(2)).unwrap());
    held.push(connections.admit("::ffff:192.0.2.1".parse().unwrap()).unwrap());
    assert!(is_closing(&held[0]) && !is_closing(&held[2]), "it closes its own");
    let site = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
    let of_site: Vec<_> = site.into_iter().map(|address: IpAddr| connections.admit(address).unwrap()).collect();
    assert_eq!(connections.open().addresses[&network(site[0])], 2);
    for one in &of_site {
        assert!(one.belongs_to(Some("acme")));
    }
    let _work: Vec<_> = of_site.iter().map(|one| one.begin()).collect();
    assert!(connections.admit("2001:db8::3".parse().unwrap()).is_none(), "its connections all work");
    drop((held, of_site));
    let open = connections.open();
    assert!(open.all.is_empty() && open.addresses.is_empty() && open.tenants.is_empty());
}

#[tokio::test]
async fn a_tenant_has_half_of_the_room() {
    let connections = connections(4, 4);
    let held: Vec<_> = (0..3).map(|at| connections.admit(address(at)).unwrap()).collect();
    assert!(held[0].belongs_to(Some("acme")) && held[1].belongs_to(Some("acme")));
    assert!(!held[2].belongs_to(Some("acme")));
    assert!(held[2].belongs_to(Some("globex")));
    assert!(held[1].belongs_to(Some("globex")), "a proxy's connection carries many");
    assert!(held[2].belongs_to(Some("acme")));
    let counts = connections.open().tenants.clone();
    assert_eq!((counts["acme"], counts["globex"]), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn each_phase_has_its_time() {
    let connections = connections(4, 4);
    let pass = async |ms| tokio::time::advance(Duration::from_millis(ms)).await;
    let overdue = |one: &Admitted| one.overdue(&connections.0.limits, Instant::now());
    let one = connections.admit(address(1)).unwrap();
    pass(900).await;
    assert_eq!(overdue(&one), None);
    one.has_read(1);
    pass(900).await;
    one.has_read(1);
    assert_eq!(overdue(&one), None);
    pass(100).await;
    assert_eq!(overdue(&one), Some(Closed::Header), "byte by byte gives no more time");
    let under_way = one.begin();
    pass(60_000).await;
    assert_eq!(overdue(&one), None, "work takes its time");
    one.write_waits();
    pass(900).await;
    one.has_written(PROGRESS_BYTES as usize);
    one.write_waits();
    pass(900).await;
    assert_eq!(overdue(&one), None, "it takes its time, and the answer");
    one.has_written(100);
    one.write_waits();
    pass(100).await;
    assert_eq!(overdue(&one), Some(Closed::Stalled), "drop by drop");
    one.has_written(100);
    assert_eq!(overdue(&one), None, "what we don't send can't be taken");
    pass(2000).await;
    one.write_waits();
    assert_eq!(overdue(&one), None);
    one.has_written(1);
    drop(under_way);
    pass(1000).await;
    assert_eq!(overdue(&one), Some(Closed::Idle));
}

#[tokio::test]
async fn half_headers_have_their_memory() {
    let connections = connections(1000, 1000);
    let held: Vec<_> = (0..500).map(|_| connections.admit(address(1)).unwrap()).collect();
    for _ in 0..12 {
        held.iter().filter(|one| !is_closing(one)).for_each(|one| one.has_read(8 * 1024));
    }
    let small = connections.admit(address(2)).unwrap();
    small.has_read(1000);
    assert!(!is_closing(&small), "a usual header comes through");
    assert!(held.iter().any(|one| is_closing(one)));
    let all = connections.0.unfinished.load(Ordering::Relaxed);
    assert!(all < UNFINISHED_BYTES + 600 * USUAL_HEADER_BYTES, "{all}");
    drop(small.begin());
    drop((held, small));
    assert_eq!(connections.0.unfinished.load(Ordering::Relaxed), 0);
}
