// Files that values of the configuration name: certificates, keys, authorities. Loading a file of
// the configuration leaves them alone, so that it can be shown and compared anywhere; who is going
// to run it reads them, too. Never judges what is in them.
#pragma once

#include "config/loader.h"
#include "config/reader.h"

namespace weir::config {

// The section's part: the path, from the folder of the file that names it, and its place.
void read_file_name(Reader& reader, const Node& node, FileName& out);

// Reads every file that the configuration names, where it has no errors; adds an error for each
// that cannot be read, is empty or larger than limits::kNamedFileBytes.
void read_named_files(Loaded& loaded);

}  // namespace weir::config
