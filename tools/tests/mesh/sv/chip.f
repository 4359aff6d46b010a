mesh_pkg.sv
mesh_core.sv
mesh.sv
