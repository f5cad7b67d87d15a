"""Documents of clusters that run."""

SHOOT = """
apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
metadata:
  name: running
  namespace: garden-team
spec:
  kubernetes:
    version: "1.35.2"
    kubeControllerManager:
      nodeCIDRMaskSize: 24
    kubelet:
      maxPods: 110
  networking:
    ipFamilies: [IPv4]
    nodes: 10.0.0.0/22
    pods: 10.16.0.0/14
    services: 10.20.0.0/18
    providerConfig:
      overlay:
        enabled: false
      ipam:
        type: host-local
status:
  gardener:
    version: v1.150.2
"""
DUAL_SHOOT = """
kind: Shoot
metadata: {name: web}
spec:
  kubernetes:
    version: 1.35.2
    kubeControllerManager: {nodeCIDRMaskSize: 23, nodeCIDRMaskSizeIPv6: 64}
    kubelet: {maxPods: 250}
  networking:
    ipFamilies: [IPv4, IPv6]
    pods: 10.240.0.0/13
    providerConfig: {overlay: {enabled: false}}
status:
  networking:
    nodes: [10.0.0.0/22, "2001:db8:0:10::/96"]
    pods: [10.240.0.0/13, "fd00:10:240::/52"]
    services: [10.248.0.0/18, "fd00:10:248::/112"]
"""
KUBEADM = """
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: web
kubernetesVersion: v1.35.1
networking: {podSubnet: "10.240.0.0/13,fd00:10:240::/52", serviceSubnet: "10.248.0.0/18,fd00:10:248::/112"}
controllerManager:
  extraArgs:
    - {name: node-cidr-mask-size-ipv4, value: "23"}
    - {name: node-cidr-mask-size-ipv6, value: "64"}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: 250
"""
