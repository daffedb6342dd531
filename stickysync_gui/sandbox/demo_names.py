"""Invented clients, organizations and credentials for the demo. Nobody real is meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A client: `organization` is what it is mapped to (None: not mapped), `key` makes domain and host names."""

    name: str
    key: str
    organization: str | None = ""
    company: str = ""
    sites: tuple[str, ...] = ("Main",)

    @property
    def mapped_to(self) -> str | None:
        """Name of the organization; the client's own name unless another is given."""
        return self.name if self.organization == "" else self.organization


GONE = "Umber & Oak Furniture"
"""The client whose organization is not in IT Glue any more."""
TWIN = "Riverside Medical (Hull)"
"""Marks the second of two organizations and clients of one name."""

CLIENTS = (
    DemoClient("Alder & Finch Accountants", "ALDER", sites=("Main", "Annex")),
    DemoClient("Bluewater Marina", "BLUEW", company="Bluewater Marina Holdings Ltd", sites=("Quay", "Chandlery")),
    DemoClient("Brückner Maschinenbau GmbH", "BRUECK", sites=("Werk 1", "Werk 2", "Büro")),
    DemoClient("Café Lumière", "LUMIERE", "Café Lumière SARL", "SARL Café Lumière"),
    DemoClient("Castellan Architects", "CASTEL"),
    DemoClient("Copperfield Printing Co.", "COPPER", sites=("Press hall", "Office")),
    DemoClient("Dąbrowski Logistyka", "DABLOG", company="Dąbrowski Logistyka sp. z o.o.", sites=("Gdańsk", "Łódź")),
    DemoClient("Eastgate Dental Group", "EDENT", sites=("Eastgate", "Northgate", "Mill Road")),
    DemoClient("Elm Street Pharmacy", "ELMPH"),
    DemoClient("Fjordlys Regnskap AS", "FJORD", sites=("Tromsø",)),
    DemoClient("Foxglove Nurseries", "FOXGL"),
    DemoClient("Garrison Steel Fabrication", "GARRI", sites=("Shop floor", "Yard")),
    DemoClient("Greenhollow Veterinary Clinic", "GREENH"),
    DemoClient("Halcyon Wealth, Partners & Co", "HALCY", sites=("City",)),
    DemoClient("Harbour Hotels (Front Office)", "HARB", "Harbour Hotels", sites=("Reception", "Conference")),
    DemoClient("Harbour Hotels (Kitchens)", "HARBK", "Harbour Hotels", sites=("Kitchen",)),
    DemoClient("Harrow Lane Primary School", "HARROW", sites=("School", "Nursery")),
    DemoClient("Ironbridge Brewery", "IRONB", sites=("Brewhouse", "Tap room")),
    DemoClient("Jardín del Sol Resort", "JARDIN", sites=("Lobby", "Spa", "Golf")),
    DemoClient("Juniper Law LLP", "JUNIP", sites=("London", "Bristol")),
    DemoClient("Lakeshore Pediatrics", "LAKES"),
    DemoClient("Larkspur Media", "LARKS"),
    DemoClient("Meridian Freight Services", "MERID", sites=("Depot A", "Depot B", "HQ")),
    DemoClient("Novák & Synové", "NOVAK", sites=("Praha",)),
    DemoClient("O'Connell Roofing", "OCONN"),
    DemoClient("Old Mill Bakery", "OLDMILL", sites=("Bakery", "High Street")),
    DemoClient("Paragon Property Management", "PARAG", sites=("HQ", "Tower")),
    DemoClient("Riverside Medical", "RIVL", company="Riverside Medical (Leeds)"),
    DemoClient("Riverside Medical", "RIVH", TWIN, TWIN),
    DemoClient("Saltmarsh Fisheries", "SALTM"),
    DemoClient("Северный Мост", "SEVMOST", "Severny Most", "ООО Северный Мост"),  # noqa: RUF001
    DemoClient("Thistledown Care Homes", "THIST", sites=("Oakfield", "Beeches")),
    DemoClient(GONE, "UMBER"),
    DemoClient("Kestrel Engineering Ltd", "KESTR", None, sites=("Works",)),
    DemoClient("Mueller und Soehne", "MUELL", None, "Müller & Söhne"),
    DemoClient("Orchard Housing", "ORCHA", None, "Orchard Housing Association"),
    DemoClient("Pinewood Vets", "PINEW", None),
    DemoClient("Summit Solutions", "SUMMIT", None),
    DemoClient("St. Brigid's College", "BRIGID", None, sites=("College", "Boarding house")),
    DemoClient("ZZ Test Client", "ZZTEST", None),
)

# name, type, status; clients' own organizations are added to these
OTHER_ORGANIZATIONS = (
    ("Kestrel Engineering Limited", "Customer", "Active"),
    ("Müller & Söhne KG", "Customer", "Active"),
    ("Orchard Housing Association", "Customer", "Active"),
    ("Pinewood Veterinary Practice", "Customer", "Onboarding"),
    ("Summit Solutions", "Customer", "Active"),
    ("Summit Solutions", "Vendor", "Inactive"),
    ("Saint Brigids College", "Customer", "Active"),
    ("Juniper Law LLP", "Vendor", "Inactive"),
    ("Bluewater Marina", "Prospect", "Prospect"),
    ("Alder and Finch (old)", "Customer", "Inactive"),
    ("Our Own Office", "Internal", "Active"),
    ("Brightline Internet", "Vendor", "Active"),
    ("Copperline Telecom", "Vendor", "Active"),
    ("Tessel Software", "Vendor", "Active"),
    ("Ashdown Golf Club", "Prospect", "Prospect"),
    ("Birchwood Surveyors", "Customer", "Inactive"),
    ("Cobalt Analytics", "Prospect", "Prospect"),
    ("Drystone Guild", "Customer", "Inactive"),
    ("Ember & Ash Studios", "Customer", "Inactive"),
    ("Fenwick Motors", "Customer", "Inactive"),
    ("Marlow Theatre Trust", "Customer", "Onboarding"),
    ("Quarry Bank Nursery", "Customer", "Inactive"),
    ("Tern Island Ferries", "Customer", "Inactive"),
    ("Whitby Glassworks", "Customer", None),
)

CATEGORIES = ("Cloud", "Network", "Server", "Service account", "Wireless", "Other")

# title, user name, URL, category; filled in with the client's names
_ONCE = (
    ("Domain Admin", r"{key}\Administrator", "", "Server"),
    ("DSRM", "Administrator", "", "Server"),
    ("Domain join account", r"{key}\svc-join", "", "Service account"),
    ("Backup service account", r"{key}\svc-backup", "", "Service account"),
    ("SQL service account", r"{key}\svc-sql", "", "Service account"),
    ("LDAP bind for the firewall", r"{key}\svc-ldap", "", "Service account"),
    ("Microsoft 365 global admin", "admin@{low}.example", "https://admin.microsoft.com", "Cloud"),
    ("Microsoft 365 break glass", "breakglass@{low}.example", "https://portal.azure.com", "Cloud"),
    ("Meraki dashboard", "it@{low}.example", "https://dashboard.meraki.com", "Network"),
    ("Domain registrar", "it@{low}.example", "https://my.registrar.example/{low}", "Cloud"),
    ("Web hosting", "{low}", "https://{low}.example:2083", "Cloud"),
    ("WordPress admin", "wpadmin", "https://www.{low}.example/wp-admin", "Cloud"),
    ("Backup cloud portal", "backup@{low}.example", "https://vault.backup.example", "Cloud"),
    ("Spam filter", "postmaster@{low}.example", "https://mx.filter.example", "Cloud"),
    ("Accounting software", "ADMIN", "", "Other"),
)
_PER_SITE = (
    ("Firewall - {site}", "admin", "https://10.{net}.{sub}.1", "Network"),
    ("ISP portal - {site}", "{low}{sub:02}", "https://portal.brightline.example", "Network"),
    ("VPN pre-shared key - {site}", "", "", "Network"),
    ("WiFi staff - {site}", "", "", "Wireless"),
    ("WiFi guests - {site}", "", "", "Wireless"),
    ("UPS card - {site}", "apc", "http://10.{net}.{sub}.20", "Network"),
    ("NAS - {site}", "admin", "https://10.{net}.{sub}.30:5001", "Server"),
    ("CCTV recorder - {site}", "admin", "http://10.{net}.{sub}.40", "Other"),
    ("Door controller - {site}", "installer", "http://10.{net}.{sub}.41", "Other"),
    ("Phone system - {site}", "admin", "https://10.{net}.{sub}.50", "Network"),
    ("Switch 1 - {site}", "admin", "https://10.{net}.{sub}.2", "Network"),
    ("Switch 2 - {site}", "admin", "https://10.{net}.{sub}.3", "Network"),
    ("Printer - {site}", "admin", "http://10.{net}.{sub}.60", "Other"),
)
_PER_SERVER = (
    ("ESXi root - {host}", "root", "https://{host}.{low}.local", "Server"),
    ("iDRAC - {host}", "root", "https://{host}-mgmt.{low}.local", "Server"),
    ("Local admin - {host}", r"{host}\Administrator", "", "Server"),
    ("SQL sa - {host}", "sa", "", "Server"),
)
NOTES = (
    "",
    "",
    "",
    "Change together with the scheduled task on the server.",
    "Asked for by the office.\r\nValid until the next audit.",
    'Printed label says "admin", that is wrong.',
    "Zugang nur über VPN. Größe beachten: 20 Zeichen.",
)
WORDS = (
    "copper",
    "lantern",
    "meadow",
    "anchor",
    "violet",
    "thunder",
    "pebble",
    "harvest",
    "orbit",
    "walnut",
    "cinder",
    "marble",
    "falcon",
    "ripple",
    "saddle",
    "ember",
    "quartz",
    "willow",
    "tundra",
    "beacon",
)
AWKWARD = (
    "  two blanks in front",
    "one behind ",
    "\ttab and\r\nline break\r\n",
    "both 'kinds' of \"quotes\" and \\ a backslash",
    "Zürich Straße 🔑 42",
    "пароль-с-кириллицей",  # noqa: RUF001
    "<b>&amp; %s {0} $HOME `id`; -- ",
    "exactly16bytes!!",
    "seventeen bytes!!",
    "x",
    "4096-" * 819 + "!",
)

Credential = tuple[str, str, str, str]


def credentials(client: DemoClient, number: int) -> Iterator[Credential]:
    """Title, user name, URL and category without end, no title twice; `number` makes the client's addresses."""
    low, net = client.key.lower(), 10 + number
    for row in _ONCE:
        yield _filled(row, key=client.key, low=low)
    for sub, site in enumerate(client.sites, 1):
        for row in _PER_SITE:
            yield _filled(row, site=site, low=low, net=net, sub=sub)
        for host in (f"{client.key}-SRV{sub}", f"{client.key}-SQL{sub}"):
            for row in _PER_SERVER:
                yield _filled(row, host=host, low=low)
    for computer in count(1):
        host = f"{client.key}-PC{computer:03}"
        yield (f"Local admin - {host}", r".\localadmin", "", "Other")


def _filled(row: Credential, **names: object) -> Credential:
    title, username, url, category = row
    return (title.format(**names), username.format(**names), url.format(**names), category)
