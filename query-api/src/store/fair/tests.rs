use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { places: 4, of_a_tenant: 2, waiting: 3 };

fn tenant(number: usize) -> Arc<str> {
    Arc::from(format!("t{number}"))
}

/// P12: one tenant's queue does not grow the other's wait: turns go round.
#[test]
fn tenants_take_turns() {
    let mut turns = FairQueue::new(Bounds { places: 1, of_a_tenant: 1, waiting: 10 });
    let [a, b, c] = [tenant(0), tenant(1), tenant(2)];
    assert_eq!(turns.enter(&a, || "a0", |_| false), Entry::Now);
    for (of, who) in [(&a, "a1"), (&a, "a2"), (&a, "a3"), (&b, "b1"), (&b, "b2"), (&c, "c1")] {
        assert_eq!(turns.enter(of, || who, |_| false), Entry::Later);
    }
    let mut served = Vec::new();
    let mut at_work = a;
    loop {
        turns.leave(&at_work);
        let Some((of, who)) = turns.next(|_| false) else { break };
        served.push(who);
        at_work = of;
    }
    assert_eq!(served, ["a1", "b1", "c1", "a2", "b2", "a3"]);
}

/// P12: places stay for others however much one tenant asks, and its queue ends.
#[test]
fn one_tenant_can_t_have_it_all() {
    let mut turns = FairQueue::new(BOUNDS);
    let (a, b) = (tenant(0), tenant(1));
    let told: Vec<_> = (0..7).map(|who| turns.enter(&a, || who, |_| false)).collect();
    use Entry::{Full, Later, Now};
    assert_eq!(told, [Now, Now, Later, Later, Later, Full, Full]);
    assert_eq!(turns.enter(&b, || 8, |_| false), Now);
    assert_eq!(turns.next(|_| false), None);
    // Two of those who wait went away.
    assert_eq!(turns.enter(&a, || 9, |who| *who < 4), Later);
    turns.leave(&a);
    assert_eq!(turns.next(|_| false), Some((a, 4)));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Enter(usize),
    Leave(usize),
    GoAway(usize),
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize).prop_map(Step::Enter),
        2 => any::<usize>().prop_map(Step::Leave),
        1 => any::<usize>().prop_map(Step::GoAway),
        2 => Just(Step::Look),
    ]
}

/// Somebody who waits.
struct Visitor {
    of: usize,
    number: usize,
    entering: Pin<Box<dyn Future<Output = Result<Slot, Full>>>>,
}

impl Visitor {
    fn new(places: &TenantSlots, of: usize, number: usize) -> Self {
        let places = places.clone();
        Self { of, number, entering: Box::pin(async move { places.enter(&tenant(of)).await }) }
    }

    fn look(&mut self) -> Poll<Result<Slot, Full>> {
        self.entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
}

proptest! {
    /// P12, against a naive account of who is where: bounds hold, nobody waits beside a free place that could be theirs,
    /// each tenant's order is kept, and in the end nothing is left behind.
    #[test]
    fn places_are_handed_out_by_the_rules(steps in prop::collection::vec(step(), 0..200)) {
        let places = TenantSlots::new(BOUNDS);
        let mut at_work: Vec<(usize, Slot)> = Vec::new();
        let mut waiting: Vec<Visitor> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Enter(of) => {
                    let mut visitor = Visitor::new(&places, of, number);
                    match visitor.look() {
                        Poll::Ready(Ok(place)) => at_work.push((of, place)),
                        Poll::Ready(Err(Full)) => {
                            let queue = waiting.iter().filter(|other| other.of == of).count();
                            prop_assert!(queue >= BOUNDS.waiting);
                        }
                        Poll::Pending => waiting.push(visitor),
                    }
                }
                Step::Leave(which) if !at_work.is_empty() => {
                    drop(at_work.swap_remove(which % at_work.len()));
                }
                // Some of these have been given a place, and have not looked yet.
                Step::GoAway(which) if !waiting.is_empty() => drop(waiting.remove(which % waiting.len())),
                Step::Leave(_) | Step::GoAway(_) => {}
                Step::Look => {
                    let mut still: Vec<Visitor> = Vec::new();
                    for mut visitor in waiting {
                        match visitor.look() {
                            Poll::Ready(place) => {
                                let overtaken = still.iter().any(|other| other.of == visitor.of);
                                prop_assert!(!overtaken, "{} overtook its own tenant", visitor.number);
                                at_work.push((visitor.of, place.unwrap()));
                            }
                            Poll::Pending => still.push(visitor),
                        }
                    }
                    waiting = still;
                    let of_tenant = |of: usize| at_work.iter().filter(|(whose, _)| *whose == of).count();
                    let free = at_work.len() < BOUNDS.places;
                    let idle = waiting.iter().any(|visitor| free && of_tenant(visitor.of) < BOUNDS.of_a_tenant);
                    prop_assert!(!idle, "somebody waits beside a free place");
                }
            }
            prop_assert!(at_work.len() <= BOUNDS.places);
            prop_assert!((0..4).all(|of| places.with(|turns| turns.working(&tenant(of))) <= BOUNDS.of_a_tenant));
        }
        drop(waiting);
        drop(at_work);
        prop_assert!(places.with(|turns| turns.next(oneshot::Sender::is_closed).is_none()));
        prop_assert_eq!(places.with(|turns| (turns.taken, turns.tenants.len(), turns.round.len())), (0, 0, 0));
    }
}

/// P12: on several threads at once, with tasks that are given up at any point, every place comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_are_given_up_leave_no_place_taken() {
    let places = TenantSlots::new(Bounds { places: 3, of_a_tenant: 2, waiting: 1000 });
    let tasks: Vec<_> = (0..600)
        .map(|number| {
            let places = places.clone();
            tokio::spawn(async move {
                let place = places.enter(&tenant(number % 5)).await.unwrap();
                tokio::task::yield_now().await;
                place.of_its_tenant()
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        if number % 3 == 0 {
            task.abort();
        }
        match task.await {
            Ok(at_once) => assert!((1..=2).contains(&at_once)),
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
    let all: Vec<Slot> =
        vec![places.enter("a").await.unwrap(), places.enter("a").await.unwrap(), places.enter("b").await.unwrap()];
    drop(all);
    assert_eq!(places.with(|turns| (turns.taken, turns.tenants.len())), (0, 0));
}
