from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from stickysync_gui.domain.overview import ClientRow, MappingOverview, OrganizationRow
from stickysync_gui.domain.records import Client, Organization
from stickysync_gui.ui.mapping.clients import ClientModel, client_lines, unmapped_only
from stickysync_gui.ui.mapping.drag_data import CLIENTS, ORGANIZATIONS, carried, carry
from stickysync_gui.ui.mapping.organizations import OrganizationModel
from stickysync_gui.ui.mapping.undo import Remap

COPY = Qt.DropAction.CopyAction
BIG = 2_100_000_000_000_177
OVERVIEW = MappingOverview(
    clients=(
        ClientRow(Client(1, "Contoso Ltd"), 12, (BIG,)),
        ClientRow(Client(2, "Fabrikam", company="Adatum Inc"), 3, (20,)),
        ClientRow(Client(3, "Northwind"), 0, (20, 30)),
        ClientRow(Client(4, "Tailspin"), 7),
        ClientRow(Client(5, "Wingtip"), 1, (99,)),
        ClientRow(Client(6, "(client 6 is gone)"), 0, (30,), exists=False),
    ),
    organizations=(
        OrganizationRow(Organization(BIG, "Contoso"), 1),
        OrganizationRow(Organization(20, "Adatum"), 2),
        OrganizationRow(Organization(30, "Northwind Traders"), 2),
        OrganizationRow(Organization(99, "(organization 99 is gone)"), 1, exists=False),
    ),
)


@pytest.fixture
def clients(qapp: Any) -> ClientModel:
    model = ClientModel()
    model.known = frozenset({BIG, 20, 30})
    model.show_rows(client_lines(OVERVIEW, {4: (30, 88)}))
    return model


@pytest.fixture
def organizations(qapp: Any) -> OrganizationModel:
    model = OrganizationModel()
    model.known = frozenset({1, 2, 3, 4, 5})
    model.show_rows(OVERVIEW.organizations)
    return model


def requests(model: ClientModel | OrganizationModel) -> list[tuple[list[int], int]]:
    heard: list[tuple[list[int], int]] = []
    model.map_requested.connect(lambda ids, organization: heard.append((ids, organization)))
    return heard


def test_qt_finds_no_fault_with_either_model(clients: ClientModel, organizations: OrganizationModel) -> None:
    for model in (clients, organizations):
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        model.sort(0, Qt.SortOrder.DescendingOrder)
        model.filter("north")
        model.filter("")
        model.show_rows([])


def test_each_client_says_how_it_is_matched(clients: ClientModel) -> None:
    assert {line.id: line.how for line in clients.list.rows} == {
        1: "Name is the same",
        2: "Company is the same",
        3: "2 organizations: counts as not mapped",
        4: "Suggested: Northwind Traders (88)",
        5: "Organization is gone from IT Glue",
        6: "Client is gone from Automate",
    }
    clients.filter("", unmapped_only)
    assert [line.id for line in clients.list.shown_rows()] == [3, 4, 5, 6]


def test_dragging_carries_ids_of_any_size(clients: ClientModel, organizations: OrganizationModel) -> None:
    several = [clients.index(row, column) for row in (0, 1) for column in range(3)]
    assert carried(clients.mimeData(several), CLIENTS) == [1, 2]
    one = organizations.mimeData([organizations.index(0, 0)])
    assert carried(one, ORGANIZATIONS) == [BIG]
    assert clients.supportedDragActions() == COPY


@pytest.mark.parametrize(
    ("line", "ids", "expected"),
    [
        (3, [20], ([4], 20)),
        (0, [BIG], ([1], BIG)),
        (3, [20, 30], None),
        (3, [777], None),
        (3, [99], None),
        (5, [20], None),
    ],
    ids=["an organization", "a big id", "two organizations", "a stale id", "a gone organization", "a gone client"],
)
def test_an_organization_is_dropped_on_a_client(
    clients: ClientModel, line: int, ids: list[int], expected: tuple[list[int], int] | None
) -> None:
    heard, data, target = requests(clients), carry(ORGANIZATIONS, ids), clients.index(line, 2)
    assert clients.canDropMimeData(data, COPY, -1, -1, target) is (expected is not None)
    assert clients.dropMimeData(data, COPY, -1, -1, target) is (expected is not None)
    assert heard == ([expected] if expected else [])
    assert clients.rowCount() == 6


@pytest.mark.parametrize(
    ("line", "ids", "allowed"),
    [(1, [4], True), (1, [1, 2, 3, 4], True), (1, [4, 777], False), (3, [4], False), (1, [6], False)],
    ids=["one client", "several clients", "one of them stale", "onto a gone organization", "a gone client"],
)
def test_clients_are_dropped_on_an_organization(
    organizations: OrganizationModel, line: int, ids: list[int], allowed: bool
) -> None:
    heard, data, target = requests(organizations), carry(CLIENTS, ids), organizations.index(line, 0)
    assert organizations.canDropMimeData(data, COPY, -1, -1, target) is allowed
    assert organizations.dropMimeData(data, COPY, -1, -1, target) is allowed
    assert heard == ([(ids, 20)] if allowed else [])


def test_foreign_and_damaged_drags_are_refused(clients: ClientModel, organizations: OrganizationModel) -> None:
    text, damaged = QMimeData(), QMimeData()
    text.setText("20")
    damaged.setData(ORGANIZATIONS, b"20,x")
    own = clients.mimeData([clients.index(0, 0)])
    for data in (text, damaged, own):
        assert not clients.canDropMimeData(data, COPY, -1, -1, clients.index(3, 0))
    good = carry(ORGANIZATIONS, [20])
    assert not clients.canDropMimeData(good, COPY, -1, -1, QModelIndex())
    assert not organizations.canDropMimeData(good, COPY, -1, -1, organizations.index(1, 0))


def test_nothing_is_dragged_or_dropped_while_a_mapping_is_written(clients: ClientModel) -> None:
    index, good = clients.index(3, 0), carry(ORGANIZATIONS, [20])
    assert clients.flags(index) & Qt.ItemFlag.ItemIsDropEnabled
    clients.locked = True
    assert not clients.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    assert not clients.canDropMimeData(good, COPY, -1, -1, index)
    assert not clients.dropMimeData(good, COPY, -1, -1, index)


def test_a_remap_backwards_gives_back_what_was_there() -> None:
    remap = Remap("Map", {1: (10,), 2: (), 3: (20, 30)}, {1: 40, 2: 40, 3: None})
    back = remap.backwards()
    assert back.after == {1: 10, 2: None, 3: None}
    assert back.before == {1: (40,), 2: (40,), 3: ()}
