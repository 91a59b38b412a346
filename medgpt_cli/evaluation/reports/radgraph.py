"""RadGraph-F1: how far the entities and relations of two reports agree, in four published variants.

| name | what is one fact |
|---|---|
| simple | an entity: its words and its label |
| partial | that, and whether the entity has any relation; most papers mean this one |
| complete | entity, label, kind of relation and the words it points to, in lower case; a lone entity as in simple |
| entity_relation | the mean of two F1: of entities, and of relations with both ends labelled (RadCliQ's component) |

Facts are sets, so a finding said twice counts once.  Words are compared as written except inside `complete`'s
relations, as the package `radgraph` does.  Where one side holds no entity the score is 0, also where both do: so the
package counts, and so empty reports earn nothing.  Which model drew the graphs (`radgraph` or `radgraph-xl`) changes
the number and stands in the protocol.

Sources: Jain et al. 2021 (RadGraph); Delbrouck et al. 2022 (the three levels); Yu et al. 2023 (entity and relation
mean).  This module knows nothing of reports' texts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set

from medgpt_cli.evaluation.reports.keys import Pair, Report
from medgpt_cli.evaluation.reports.results import Scores, mean_of
from medgpt_cli.evaluation.reports.rows import GraphRow
from medgpt_cli.evaluation.reports.tables import Table

Facts = frozenset[Hashable]

NOTHING = GraphRow(sha256="", entities=())
"""The graph of a report that says nothing."""


def f1(candidate: Set[Hashable], reference: Set[Hashable]) -> float:
    """F1 of two sets; 0 where they share nothing or either is empty."""
    shared = len(candidate & reference)
    return 2 * shared / (len(candidate) + len(reference)) if shared else 0.0


def entities(graph: GraphRow) -> Facts:
    """Entities with their labels."""
    return frozenset((entity.tokens, entity.label) for entity in graph.entities)


def related_entities(graph: GraphRow) -> Facts:
    """Entities with their labels and whether they have a relation."""
    return frozenset((entity.tokens, entity.label, bool(entity.relations)) for entity in graph.entities)


def lower_relations(graph: GraphRow) -> Facts:
    """Relations by their words in lower case; entities without one as they are."""
    facts: set[Hashable] = set()
    for entity in graph.entities:
        if not entity.relations:
            facts.add((entity.tokens, entity.label))
        for relation, target in entity.relations:
            facts.add((entity.lower, entity.label, relation, graph.entities[target].lower))
    return frozenset(facts)


def labelled_relations(graph: GraphRow) -> Facts:
    """Relations with words and labels of both ends."""
    return frozenset(
        (
            (entity.tokens, entity.label),
            (graph.entities[target].tokens, graph.entities[target].label),
            relation,
        )
        for entity in graph.entities
        for relation, target in entity.relations
    )


def simple(candidate: GraphRow, reference: GraphRow) -> float:
    """F1 of entities."""
    return f1(entities(candidate), entities(reference))


def partial(candidate: GraphRow, reference: GraphRow) -> float:
    """F1 of entities that also agree on having a relation."""
    return f1(related_entities(candidate), related_entities(reference))


def complete(candidate: GraphRow, reference: GraphRow) -> float:
    """F1 of relations, with lone entities."""
    return f1(lower_relations(candidate), lower_relations(reference))


def entity_relation(candidate: GraphRow, reference: GraphRow) -> float:
    """The mean of entity F1 and relation F1; reports without relations reach 0.5 at most, as published."""
    relations = f1(labelled_relations(candidate), labelled_relations(reference))
    return (simple(candidate, reference) + relations) / 2


Compare = Callable[[GraphRow, GraphRow], float]


def scores(compare: Compare, pairs: Sequence[Pair], table: Table[GraphRow]) -> Scores:
    """One variant over all pairs."""
    values, empty = [], 0
    for candidate, reference in pairs:
        ours, theirs = _graph(table, candidate), _graph(table, reference)
        empty += not ours.entities and not theirs.entities
        values.append(compare(ours, theirs))
    notes = [f"in {empty} of {len(values)} pairs neither report holds an entity: 0 each, as published"]
    return mean_of(values, notes if empty else ())


def _graph(table: Table[GraphRow], report: Report) -> GraphRow:
    return NOTHING if report.blank else table[report.key]
