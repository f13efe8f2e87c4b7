#include "longhaul/error.h"

namespace longhaul {

Error::~Error() = default;

}  // namespace longhaul
