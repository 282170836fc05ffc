// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title A reason to compile OpenZeppelin's AccessManager
/// @notice Deployments use AccessManager itself, unmodified. Brownie builds a library's contract only if one of the
///         project's own builds on it; this one does and is never deployed.
abstract contract Authority is AccessManager {}
