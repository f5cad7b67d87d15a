"""Every address of the site."""

from collections.abc import Iterable

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularSwaggerSplitView

from ipam.addressing import Family
from ipam.api.description import DescriptionView
from ipam.models.saved_views import ListPage
from webui.cards import BY_KIND
from webui.choices import OFFERED
from webui.metrics import metrics
from webui.views import (
    account,
    activity,
    address_acts,
    address_holders,
    address_states,
    addresses,
    alert_rules,
    alerts,
    cards,
    choices,
    claims,
    cluster_belongings,
    cluster_documents,
    cluster_migration,
    cluster_verbs,
    clusters,
    exports,
    families,
    findings,
    handbook,
    history,
    imports,
    machines,
    maps,
    members,
    moves,
    network_forms,
    network_list,
    networks,
    overview,
    prefix_changes,
    prefixes,
    provider,
    quotas,
    ranges,
    registry,
    saved_views,
    search,
    tokens,
    webhooks,
)

# Swagger UI draws its icons and sizes with style attributes; nothing else of the policy is loosened.
docs = csp_update({"style-src": ["'unsafe-inline'"]})(SpectacularSwaggerSplitView.as_view(url_name="schema"))


class OneOf:
    """One of a few words; anything else is no address of this site."""

    regex = ""

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


_WORDS: dict[str, Iterable[str]] = {
    "family": (family.key for family in Family),
    "section": registry.KINDS,  # the small lists
    "choice": OFFERED,  # what pickers offer
    "list": ListPage.values,  # whose views are saved
    "card": BY_KIND,  # what has a hover card
    "cluster_verb": cluster_verbs.VERBS,
    "finding_verb": findings.MARKS,
}
for name, words in _WORDS.items():
    register_converter(type(name, (OneOf,), {"regex": "|".join(words)}), name)

urlpatterns = [
    path("api/v1/", include("ipam.api.urls")),  # first, for addresses are tried in order and machines ask most
    path("metal/v1/", include("ipam.compat.metal_api.urls")),
    path("", overview.overview, name="overview"),
    path("pairs/", overview.pairs, name="pairs"),
    path("findings/kinds/", overview.work, name="work"),
    path("findings/", findings.index, name="findings"),
    path("findings/complete/", findings.complete_all, name="complete-all"),
    path("findings/<finding_verb:verb>/", findings.mark, name="mark-finding"),
    path("alerts/", alerts.index, name="alerts"),
    path("alerts/firing/", alerts.firing, name="firing"),
    path("alerts/<int:pk>/acknowledge/", alerts.acknowledge, name="acknowledge-alert"),
    path("alerts/<int:pk>/snooze/", alerts.snooze, name="snooze-alert"),
    path("alert-rules/", alert_rules.index, name="alert-rules"),
    path("alert-rules/new/", alert_rules.create, name="create-alert-rule"),
    *(
        path(f"alert-rules/<int:pk>/{view.__name__}/", view, name=f"{view.__name__}-alert-rule")
        for view in (alert_rules.edit, alert_rules.delete, alert_rules.snooze, alert_rules.switch, alert_rules.test)
    ),
    path("views/of/<list:page>/", saved_views.save, name="save-view"),
    path("views/<int:pk>/rename/", saved_views.rename, name="rename-view"),
    path("views/<int:pk>/delete/", saved_views.delete, name="delete-view"),
    path("activity/", activity.index, name="activity"),
    path("activity/news/", activity.news, name="news"),
    path("activity/<int:pk>/undo/", activity.undo, name="undo"),
    path("soonest/", history.soonest, name="soonest"),
    path("networks/", network_list.tree, name="networks"),
    path("networks/new/", network_forms.create, name="create-network"),
    path("networks/<str:pk>/", networks.detail, name="network"),
    path("networks/<str:pk>/prefixes/add/", families.add_prefix, name="add-prefix"),
    path("networks/<str:pk>/prefixes/change/", prefix_changes.change, name="change-prefix"),
    path("networks/<str:pk>/families/<family:family>/", families.add_family, name="add-family"),
    path("networks/<str:pk>/complete/<family:family>/", families.complete, name="complete"),
    path("networks/<str:pk>/edit/", network_forms.edit, name="edit-network"),
    path("networks/<str:pk>/map/", maps.network_map, name="map"),
    path("networks/<str:pk>/history/", history.network_history, name="network-history"),
    path("networks/<str:pk>/allocate/", networks.allocate, name="allocate"),
    path("networks/<str:pk>/carve/", networks.carve, name="carve"),
    path("networks/<str:pk>/delete/", networks.delete, name="delete-network"),
    path("networks/<str:pk>/move/", moves.network, name="move-network"),
    path("allocations/<uuid:pk>/move/", moves.allocation, name="move-allocation"),
    path("prefixes/<int:pk>/edit/", prefixes.edit, name="edit-prefix"),
    path("claims/", claims.index, name="claims"),
    path("prefixes/at/<path:cidr>/", address_states.block_state, name="block-state"),
    path("addresses/at/<str:ip>/", address_states.address_state, name="address-state"),
    path("addresses/", addresses.index, name="addresses"),
    path("addresses/act/", address_acts.act, name="act-on-addresses"),
    path("addresses/<uuid:pk>/", addresses.detail, name="address"),
    path("addresses/<uuid:pk>/edit/", addresses.edit, name="edit-address"),
    path("addresses/<uuid:pk>/attach/", address_holders.attach, name="attach-address"),
    path("addresses/<uuid:pk>/take-off/", address_holders.take_off, name="take-off-address"),
    path("allocations/join/", addresses.join, name="join"),
    path("allocations/<uuid:allocation>/part/", addresses.part, name="part"),
    path("allocations/<uuid:allocation>/release/", addresses.release, name="release"),
    path("exports/<slug:name>.<slug:format>", exports.export, name="export"),
    path("imports/", imports.index, name="imports"),
    path("imports/apply/", imports.apply, name="import-apply"),
    path("imports/refused/", imports.refused, name="import-refused"),
    path("imports/example/<slug:kind>.csv", imports.download_example, name="import-example"),
    path("machines/", machines.index, name="machines"),
    path("machines/allocate/", machines.allocate, name="allocate-machine"),
    path("machines/<str:pk>/", machines.detail, name="machine"),
    path("machines/<str:pk>/edit/", machines.edit, name="edit-machine"),
    path("machines/<str:pk>/release/", machines.release, name="release-machine"),
    path("clusters/", clusters.index, name="clusters"),
    path("clusters/new/", clusters.create, name="create-cluster"),
    path("clusters/import/", cluster_documents.register, name="register-cluster"),
    path("clusters/<uuid:pk>/", clusters.detail, name="cluster"),
    path("clusters/<uuid:pk>/document/", cluster_documents.compare, name="compare-cluster"),
    path("clusters/<uuid:pk>/migration/", cluster_migration.finish, name="cluster-migration"),
    path("clusters/<uuid:pk>/edit/", clusters.edit, name="edit-cluster"),
    path("clusters/<uuid:pk>/families/", cluster_migration.families, name="cluster-families"),
    path(
        "clusters/<uuid:pk>/load-balancer-addresses/",
        cluster_belongings.take_for_load_balancers,
        name="take-load-balancer-addresses",
    ),
    path("clusters/<uuid:pk>/api-addresses/", cluster_belongings.take_for_api, name="take-api-addresses"),
    path(
        "clusters/<uuid:pk>/allocations/<uuid:allocation>/release/",
        cluster_belongings.give_back,
        name="give-back-of-cluster",
    ),
    path("clusters/<uuid:pk>/services/", cluster_belongings.add_services, name="add-services"),
    path("clusters/<uuid:pk>/services/<path:cidr>/remove/", cluster_belongings.remove_services, name="remove-services"),
    path("clusters/<uuid:pk>/belongings/", cluster_belongings.index, name="cluster-belongings"),
    path("clusters/<uuid:pk>/documents/", cluster_documents.index, name="cluster-documents"),
    path("clusters/<uuid:pk>/manifests/<slug:kind>/", cluster_documents.manifest, name="manifest"),
    path("clusters/<uuid:pk>/<cluster_verb:verb>/", cluster_verbs.act, name="act-on-cluster"),
    *(path(f"{section}/", registry.index, {"section": section}, name=section) for section in registry.KINDS),
    path("<section:section>/new/", registry.create, name="registry-create"),
    path("<section:section>/<str:pk>/", registry.detail, name="registry-detail"),
    path("<section:section>/<str:pk>/edit/", registry.edit, name="registry-edit"),
    path("<section:section>/<str:pk>/delete/", registry.delete, name="registry-delete"),
    path("projects/<uuid:pk>/members/", members.index, name="members"),
    path("projects/<uuid:pk>/members/<int:user>/withdraw/", members.withdraw, name="withdraw"),
    path("projects/<uuid:pk>/members/<int:user>/tokens/", members.service_account, name="service-account"),
    path(
        "projects/<uuid:pk>/members/<int:user>/tokens/<int:token>/revoke/",
        members.revoke,
        name="revoke-account-token",
    ),
    path("webhooks/", webhooks.index, name="webhooks"),
    path("webhooks/new/", webhooks.create, name="create-webhook"),
    path("webhooks/<str:pk>/", webhooks.detail, name="webhook"),
    *(
        path(f"webhooks/<str:pk>/{view.__name__}/", view, name=f"{view.__name__}-webhook")
        for view in (webhooks.edit, webhooks.rotate, webhooks.delete, webhooks.switch, webhooks.test)
    ),
    path("deliveries/<str:pk>/resend/", webhooks.resend, name="resend"),
    path("projects/<uuid:pk>/quotas/new/", quotas.create, name="create-quota"),
    path("networks/<str:pk>/ranges/", ranges.index, name="ranges"),
    path("networks/<str:pk>/ranges/new/", ranges.create, name="create-range"),
    path("ranges/<uuid:pk>/edit/", ranges.edit, name="edit-range"),
    path("ranges/<uuid:pk>/delete/", ranges.delete, name="delete-range"),
    path("quotas/<uuid:pk>/edit/", quotas.edit, name="edit-quota"),
    path("quotas/<uuid:pk>/delete/", quotas.delete, name="delete-quota"),
    path("tokens/", tokens.index, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="revoke-token"),
    path("handbook/", handbook.chapter, name="handbook"),
    path("handbook/<slug:name>/", handbook.chapter, name="handbook-chapter"),
    path("search/", search.search, name="search"),
    path("choices/<choice:kind>/", choices.index, name="choices"),
    path("cards/addresses/at/<str:ip>/", cards.address, name="address-card"),
    path("cards/prefixes/at/<path:cidr>/", cards.block, name="block-card"),
    path("cards/<card:kind>/<str:pk>/", cards.card, name="card"),
    path("account/", account.index, name="account"),
    path("account/password/", account.ChangePassword.as_view(), name="change-password"),
    path("account/sign-out/", account.sign_out_everywhere, name="sign-out-everywhere"),
    path("accounts/login/", account.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/provider/", provider.begin, name="provider"),
    path("accounts/provider/callback/", provider.callback, name="provider-callback"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/schema/", DescriptionView.as_view(), name="schema"),
    path("api/docs/", docs, name="docs"),
]
