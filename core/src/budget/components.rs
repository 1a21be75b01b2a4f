//! Strongly connected components of a graph (Tarjan, 1972).

const UNSEEN: usize = usize::MAX;

/// By node, the number of its component; and the components, each after those that it leads to.
pub fn components<I: Iterator<Item = usize>>(
    nodes: usize,
    edges: impl Fn(usize) -> I,
) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut component_of = vec![UNSEEN; nodes];
    let mut found = Vec::new();
    let mut order = vec![UNSEEN; nodes];
    let mut lowest = vec![UNSEEN; nodes];
    let mut open = Vec::new();
    let mut count = 0;
    for root in 0..nodes {
        if order[root] != UNSEEN {
            continue;
        }
        let mut next = Some(root);
        // calls as a stack, since rules may nest deeply
        let mut calls = Vec::new();
        loop {
            if let Some(node) = next.take() {
                (order[node], lowest[node]) = (count, count);
                count += 1;
                open.push(node);
                calls.push((node, edges(node)));
            }
            let Some((node, rest)) = calls.last_mut() else {
                break;
            };
            let node = *node;
            match rest.next() {
                Some(to) if order[to] == UNSEEN => next = Some(to),
                Some(to) if component_of[to] == UNSEEN => lowest[node] = lowest[node].min(order[to]),
                Some(_) => {}
                None => {
                    calls.pop();
                    if let Some(&(user, _)) = calls.last() {
                        lowest[user] = lowest[user].min(lowest[node]);
                    }
                    if lowest[node] == order[node] {
                        let first = open.iter().rposition(|&other| other == node).unwrap_or(0);
                        let members = open.split_off(first);
                        for &member in &members {
                            component_of[member] = found.len();
                        }
                        found.push(members);
                    }
                }
            }
        }
    }
    (component_of, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_after_those_they_lead_to() {
        let edges: [&[usize]; 6] = [&[1], &[2, 3], &[1, 4], &[3], &[], &[0, 5]];
        let (component_of, mut found) = components(edges.len(), |node| edges[node].iter().copied());
        found.iter_mut().for_each(|members| members.sort_unstable());
        assert_eq!(found, [vec![4], vec![3], vec![1, 2], vec![0], vec![5]]);
        assert_eq!(component_of, [3, 2, 2, 1, 0, 4]);
    }
}
