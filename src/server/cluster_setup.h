// What a cluster is to become, made beside what it is: endpoints that are what they were go on as
// the same objects. Called by the snapshot builder for a new file and by the admin API for a new
// set of endpoints, on the supervisor's thread. Nothing in force is touched before put_in_force().
#pragma once

#include <memory>

#include <weir/config.h>

#include "server/endpoint_names.h"
#include "upstream/cluster.h"

namespace weir::server {

// `known`: the cluster as it is, null when it is new. The setup in force itself when all is as it
// was. `tls`: what its connections are made with, of settings.tls.
std::shared_ptr<const upstream::ClusterSetup> plan_setup(
    const config::Cluster& settings, const KnownNames& names, const upstream::Cluster* known,
    std::shared_ptr<const net::TlsClientContext> tls);

// The cluster is what the setup says. Weights that the settings changed are taken from them, others
// stay as operators have set them; so do states, for as long as there is an endpoint of that name.
void put_in_force(upstream::Cluster& cluster, std::shared_ptr<const upstream::ClusterSetup> setup);

}  // namespace weir::server
