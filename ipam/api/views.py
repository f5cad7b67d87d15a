"""The objects of the contract: each view fetches, calls one operation of the domain, renders."""

import uuid

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, prefetch_related_objects
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters
from ipam.addressing import Family, shorten
from ipam.api import fields, inputs, outputs, parameters, preconditions
from ipam.api.resources import Changeable, Data, Editable, Readable, Removable, Resource, with_references
from ipam.domain.core import access
from ipam.domain.networks import (
    address_rules,
    addresses,
    allocations,
    children,
    machines,
    network_fields,
    networks,
    partitions,
    projects,
    vrfs,
)
from ipam.domain.networks import completion as families
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.people import members
from ipam.domain.space import free_blocks, prefix_map, utilization
from ipam.models import (
    VRF,
    IPAddress,
    Machine,
    MachineNetwork,
    Network,
    Partition,
    Prefix,
    Project,
    RoleBinding,
)

LENGTH = OpenApiParameter("length", int, description="a prefix length")
ADDRESS_FAMILY = OpenApiParameter("address_family", str, enum=[family.key for family in Family])
NAMESPACE = OpenApiParameter("namespace", uuid.UUID, description="in a namespaced super: the project")
FIRST = Subquery(Prefix.objects.filter(network=OuterRef("pk")).in_order().values("first")[:1])
ORDERED_PREFIXES = Prefetch("prefixes", Prefix.objects.in_order())


class PartitionViews(Editable[Partition]):
    model, output, filterset_class = Partition, outputs.Partition, filters.PartitionFilters
    inputs = {"create": inputs.NewPartition, "partial_update": inputs.Described}
    ordering_fields = {"id": "pk", "name": "name", "created_at": "created_at"}

    def make(self, data: Data) -> Partition:
        return partitions.create(**data)

    def change(self, found: Partition, data: Data) -> Partition:
        return partitions.update(found, **data)

    def discard(self, found: Partition) -> None:
        partitions.delete(found)


class ProjectViews(Editable[Project]):
    model, output, filterset_class = Project, outputs.Project, filters.ProjectFilters
    inputs = {"create": inputs.NewProject, "partial_update": inputs.ChangedProject, "add_member": inputs.Member}
    answers = {"members": outputs.Members, "add_member": outputs.Member}
    parameters = {"remove_member": [OpenApiParameter("user", str, required=True, description="the user's name")]}
    creating = {"create", "add_member"}
    ordering_fields = {"id": "pk", "name": "name", "tenant": "tenant", "created_at": "created_at"}

    def make(self, data: Data) -> Project:
        return projects.create(**data)

    def change(self, found: Project, data: Data) -> Project:
        return projects.update(found, **data)

    def discard(self, found: Project) -> None:
        projects.delete(found)

    @action(detail=True)
    def members(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        return Response(
            {"next": None, "previous": None, "results": outputs.Member(_members(self.found()), many=True).data}
        )

    @members.mapping.post
    def add_member(self, request: Request, pk: str) -> Response:
        data = self.parse(request)

        def grant() -> RoleBinding:
            project = self.found()
            return members.grant(members.find_user(data["user"]), data["role"], project=project)

        return self.write(grant, status=201, render=_render_member)

    @members.mapping.delete
    def remove_member(self, request: Request, pk: str) -> Response:
        self.is_dry_run()
        user = parameters.value(request, "user", fields.Text())
        return self.remove(lambda: members.withdraw(_member(self.found(), user)))


class VrfViews(Editable[VRF]):
    model, output, filterset_class = VRF, outputs.Vrf, filters.VrfFilters
    inputs = {"create": inputs.NewVrf, "partial_update": inputs.Described}
    ordering_fields = {"id": "pk", "name": "name", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[VRF]:
        return VRF.objects.prefetch_related(Prefetch("networks", access.visible(Network.objects.only("id", "vrf_id"))))

    def make(self, data: Data) -> VRF:
        return vrfs.create(**data)

    def change(self, found: VRF, data: Data) -> VRF:
        return vrfs.update(found, **data)

    def discard(self, found: VRF) -> None:
        vrfs.delete(found)


class NetworkViews(Editable[Network]):
    model, output, filterset_class = Network, outputs.Network, filters.NetworkFilters
    inputs = {
        "create": inputs.NewNetwork,
        "partial_update": inputs.ChangedNetwork,
        "prefixes": inputs.NewPrefix,
        "families": inputs.NewFamily,
        "complete": inputs.Completion,
    }
    answers = {"complete": outputs.Progress, "free": outputs.FreeByFamily}
    parameters = {
        "remove_prefix": [OpenApiParameter("prefix", str, required=True, description="the CIDR")],
        "free": [ADDRESS_FAMILY, LENGTH, NAMESPACE],
    }
    creating = {"create", "prefixes", "families"}
    ordering_fields = {
        "id": "pk",
        "name": "name",
        "type": "type",
        "prefix": FIRST,
        "utilization": utilization.fullness(),
        "created_at": "created_at",
    }

    def get_queryset(self) -> QuerySet[Network]:
        return Network.objects.prefetch_related(ORDERED_PREFIXES)

    def context_for(self, objects: list[Network]) -> dict[str, object]:
        return {"consumption": utilization.of_networks(objects)}

    def make(self, data: Data) -> Network:
        errors.raise_all(network_fields.violations_of_given(data["type"], data))
        by_name = {"vrf": (VRF, data["vrf"])} if isinstance(data.get("vrf"), str) else {}
        found = with_references(data, by_name)
        return networks.create(NewNetwork(**found | {name: found[name].pk for name in by_name}))

    def change(self, found: Network, data: Data) -> Network:
        return networks.update(found, **data)

    def discard(self, found: Network) -> None:
        networks.delete(found)

    @action(detail=True, methods=["post"])
    def prefixes(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        cidr = data.pop("prefix")
        return self.write(lambda: networks.add_prefix(self.found(), cidr, **data), status=201)

    @prefixes.mapping.delete
    def remove_prefix(self, request: Request, pk: str) -> Response:
        self.is_dry_run()
        cidr = parameters.value(request, "prefix", fields.Cidr())
        return self.remove(lambda: networks.remove_prefix(self.found(), cidr))

    @action(detail=True, methods=["post"])
    def families(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(
            lambda: children.add_family(self.found(), data["address_family"], length=data.get("length")), status=201
        )

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        family = data.pop("address_family")
        return self.write(lambda: families.complete(self.found(), family, **data), render=_render_progress)

    @action(detail=True)
    def free(self, request: Request, pk: str) -> Response:
        return Response(_free(request, list(self.found().prefixes.select_related("network").in_order())))


class PrefixViews(Readable[Prefix]):
    model, output, filterset_class = Prefix, outputs.Prefix, filters.PrefixFilters
    answers = {"free": outputs.FreeByFamily, "map": outputs.Map}
    parameters = {
        "free": [ADDRESS_FAMILY, LENGTH, NAMESPACE],
        "map": [OpenApiParameter("cells", int, description="a power of two, 256 if left out"), NAMESPACE],
    }
    ordering_fields = {"prefix": "first", "id": "pk", "length": "length", "network": "network_id"}

    def get_queryset(self) -> QuerySet[Prefix]:
        return Prefix.objects.select_related("network")

    def context_for(self, objects: list[Prefix]) -> dict[str, object]:
        return {"consumption": utilization.of_prefixes(objects)}

    @action(detail=True)
    def free(self, request: Request, pk: str) -> Response:
        return Response(_free(request, [self.found()]))

    @action(detail=True)
    def map(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, {"cells", "namespace"})
        prefix = self.found()
        drawing = prefix_map.of_prefix(
            prefix, cells=parameters.number(request, "cells", 256), namespace=parameters.namespace(request)
        )
        return Response(outputs.Map({"prefix": prefix.cidr, "cells": drawing.cells}).data)


class AddressViews(Readable[IPAddress], Changeable[IPAddress], Removable[IPAddress]):
    model, output, filterset_class = IPAddress, outputs.Address, filters.AddressFilters
    inputs = {"create": inputs.NewAddresses, "partial_update": inputs.ChangedAddress}
    answers = {"create": outputs.Addresses}
    ordering_fields = {"ip": "address", "id": "pk", "name": "name", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[IPAddress]:
        return IPAddress.objects.select_related("prefix")

    def create(self, request: Request) -> Response:
        data = self.parse(request)
        asked = {"families": data.pop("address_family", ()), "addresses": data.pop("ip", ())}
        address_rules.check_request(**asked, count=data.get("count", 1))

        def allocate() -> list[IPAddress]:
            wanted = with_references(data)
            return addresses.allocate(wanted.pop("network"), **asked, **wanted)

        return self.write(allocate, status=201, render=_render_addresses)

    def change(self, found: IPAddress, data: Data) -> IPAddress:
        return addresses.update(found, **data)

    def discard(self, found: IPAddress) -> None:
        addresses.release(found)


class AllocationViews(Resource[IPAddress]):
    """All addresses of one allocation, together."""

    model, output = IPAddress, outputs.Address
    inputs = {"join": inputs.Halves, "part": inputs.Nothing}
    answers = {"join": outputs.Addresses, "part": outputs.Addresses}
    lookup_value_converter = "uuid"

    def key(self) -> uuid.UUID:
        """The id of the allocation that the address names; NotFound if it is none."""
        preconditions.refuse_tags(self.request)
        try:
            return uuid.UUID(self.kwargs["pk"])
        except ValueError:
            raise errors.NotFound("There is no such allocation. Check the id.") from None

    def destroy(self, request: Request, pk: str) -> Response:
        return self.remove(lambda: addresses.release_allocation(self.key()))

    @action(detail=False, methods=["post"])
    def join(self, request: Request) -> Response:
        ips = self.parse(request)["ips"]
        return self.write(lambda: allocations.join(ips), render=_render_addresses)

    @action(detail=True, methods=["post"])
    def part(self, request: Request, pk: str) -> Response:
        self.parse(request)
        return self.write(lambda: allocations.part(self.key()), render=_render_addresses)


class MachineViews(Editable[Machine]):
    model, output, filterset_class = Machine, outputs.Machine, filters.MachineFilters
    inputs = {"create": inputs.NewMachine, "partial_update": inputs.ChangedMachine}
    ordering_fields = {"id": "pk", "name": "name", "asn": "asn", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[Machine]:
        attachments = MachineNetwork.objects.select_related("network").order_by("position")
        return Machine.objects.prefetch_related(
            "addresses",
            Prefetch("attachments", attachments),
            Prefetch("attachments__network__prefixes", Prefix.objects.in_order()),
        )

    def make(self, data: Data) -> Machine:
        joined = {f"networks.{number}.network": one for number, one in enumerate(data["networks"])}
        given = {name: value for name, value in data.items() if name != "networks"}
        found = with_references(given, {field: (Network, one["network"]) for field, one in joined.items()})
        wanted = [
            Attachment(
                network=found.pop(field),
                ips=one.get("ips", ()),
                families=one.get("address_family", ()),
                auto=one.get("auto", True),
            )
            for field, one in joined.items()
        ]
        return machines.allocate(**found, networks=wanted)

    def change(self, found: Machine, data: Data) -> Machine:
        return machines.update(found, **data)

    def discard(self, found: Machine) -> None:
        machines.release(found)


def _members(project: Project) -> QuerySet[RoleBinding]:
    return RoleBinding.objects.filter(project=project).select_related("user").order_by("user__username")


def _member(project: Project, username: str) -> RoleBinding:
    found = _members(project).filter(user__username=username).first()
    if found is None:
        raise errors.NotFound(f"“{shorten(username)}” is no member of the project.", field="user")
    return found


def _render_member(member: RoleBinding, *, dry_run: bool) -> dict[str, object]:
    answer = dict(outputs.Member(member).data)
    return {**answer, "dry_run": True} if dry_run else answer


def _render_addresses(rows: list[IPAddress], *, dry_run: bool) -> dict[str, object]:
    prefetch_related_objects(rows, "prefix")
    answer: dict[str, object] = {"ips": outputs.Address(rows, many=True).data}
    return {**answer, "dry_run": True} if dry_run else answer


def _render_progress(progress: families.Progress, *, dry_run: bool) -> dict[str, object]:
    answer = dict(outputs.Progress(progress).data)
    return {**answer, "dry_run": True} if dry_run else answer


def _free(request: Request, prefixes: list[Prefix]) -> dict[str, object]:
    """Free space per family that there is, or of the one asked for."""
    parameters.refuse_unknown(request, {"address_family", "length", "namespace"})
    asked = request.query_params.get("address_family")
    present = sorted({prefix.address_family for prefix in prefixes})
    wanted = [parameters.value(request, "address_family", fields.OneFamily())] if asked else present
    length = parameters.number(request, "length", None)
    # A length of IPv6 alone leaves IPv4 out; one that no family has is refused below.
    fitting = [family for family in wanted if length is None or length <= family.bits] or wanted
    namespace = parameters.namespace(request)
    lengths = {} if length is None else dict.fromkeys(fitting, length)
    found = free_blocks.by_family(prefixes, lengths=lengths, namespace=namespace)
    return {family.key: outputs.Free(found[family]).data for family in fitting if family in found}
